"""Parts of benchmarks/facts.py: recordings with truth, systems that listen, measures."""

import os

# One thread a process: --jobs says how many cores are used. It has to be said before numpy is imported.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
