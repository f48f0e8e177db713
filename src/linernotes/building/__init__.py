"""Making and describing data sets: what is in them, and how they are split."""
