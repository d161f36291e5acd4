"""MiniStack that hands a function more than ten messages at once, as AWS does: python wide.py MOST.

MiniStack takes at most ten messages for an event source, whatever its batch size is. Storms of hundreds of thousands would
take hours, and a batch would never hold what a batch in AWS holds.
"""

from __future__ import annotations

import sys
from typing import Any

from ministack.app import main
from ministack.services import sqs

_ten_at_most = sqs._receive_messages_for_esm


def _receive(most: int, queue_url: str, wanted: Any) -> list[dict[str, Any]]:
    batch: list[dict[str, Any]] = []
    size = min(int(wanted or 1), most)
    while len(batch) < size and (part := _ten_at_most(queue_url, size - len(batch))):
        batch += part
    return batch


if __name__ == "__main__":
    most = int(sys.argv.pop())
    sqs._receive_messages_for_esm = lambda queue_url, wanted: _receive(most, queue_url, wanted)
    sys.exit(main())
