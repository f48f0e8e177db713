"""The command line; thin over the public API."""

import os

# Listeners already run two at a time; BLAS threads under them mostly wait for one another: a 3-minute file took
# three times the processor time with them. This must stand before the first import of numpy.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
