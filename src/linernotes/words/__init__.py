"""What musical words mean: a lexicon of instruments, voices, genres, moods, tempi and qualities, and the
claim check that holds a text against the facts it was written from."""
