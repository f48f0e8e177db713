"""`python -m linernotes` is the command `linernotes`."""

from linernotes.cli.app import main

if __name__ == "__main__":
    main()
