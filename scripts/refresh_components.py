"""Write the checksums of the shipped files into `assets/components.json`, after a model was made anew.

    python scripts/refresh_components.py

Which files belong to which component is decided by hand, in that file; `tests/test_registry.py` holds it to the
truth: every file has an entry and the checksum that stands there.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

ASSETS = Path(__file__).parent.parent / "src" / "linernotes" / "assets"


def main() -> None:
    path = ASSETS / "components.json"
    entries = json.loads(path.read_text("utf-8"))
    for entry in entries:
        entry["files"] = {
            name: hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() for name in entry["files"]
        }
    path.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
