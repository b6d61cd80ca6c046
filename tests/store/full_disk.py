"""A writer that may make no file longer than so many bytes: the system refuses what goes beyond.

    python -m tests.store.full_disk ADDRESS BYTES

Prints what was acknowledged before it stopped, and what it could still read.
"""

import json
import resource
import sys
from contextlib import closing

from crossmargin.store.address import store_at
from crossmargin.store.port import StoreStopped
from tests.store.kill_points import body

if __name__ == "__main__":
    address, most_bytes = sys.argv[1], int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    last, refused = 0, 0
    with closing(store_at(address)) as store:
        fence = store.open("writer")
        for _ in range(1_000):
            try:
                last = store.append(fence, [body(last + 1, last + 1)])
            except StoreStopped as stopped:
                refused += 1
                if refused == 3:
                    break
                said = str(stopped)
        read = [record.sequence for record in store.read()]
    print(json.dumps({"last": last, "refused": refused, "read": len(read), "said": said}))
