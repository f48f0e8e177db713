"""Training of caption models: one loop for every family, driven by a recipe."""
