"""Plain PyTorch modules, one file a family; nothing here knows trainers, files or the command line."""
