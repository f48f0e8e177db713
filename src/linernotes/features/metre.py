def estimate_metre(f): return []
