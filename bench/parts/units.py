"""DynamoDB's write units for counting, by its rule that a write is charged for each begun KB of the item."""

from __future__ import annotations

from rows import Row, bench, part

# Of a bucket's 900, from its start on: as many again are played before, so that the items have filled up.
SECONDS = 60


def main() -> list[Row]:
    loads = {load["name"]: load for load in bench("units", SECONDS, 25)}
    crowd, busy = loads["25,000/s in batches of 1,000"], loads["5,000/s in batches of 1,000"]
    units = [load["cost"]["units"] for load in (busy, crowd)]
    hot = max(max(load["cost"]["hottest_set"], load["cost"]["hottest_shard"]) for load in (busy, crowd))
    events = crowd["cost"]["hottest_events"]
    small = ", ".join(f"{load['cost']['units']:.2f} at {name}" for name, load in loads.items() if load not in (crowd, busy))
    return [
        Row(60, "DynamoDB write units per event, 5k and 25k mails/s", f"{units[0]:.2f} and {units[1]:.2f}", "≤ 0.50", max(units) <= 0.5,
            f"an UpdateItem per event: 1.00; a transaction per event: 4.00. Also: {small}"),
        Row(61, "… hottest key at 25k mails/s, half of it one set's", f"{hot:.0f}/s", "≤ 350/s", hot <= 350,
            f"an UpdateItem per event: {events:,.0f}/s; a transaction per event: {2 * events:,.0f}/s (AWS takes 1,000)"),
    ]  # fmt: skip


if __name__ == "__main__":
    part(main)
