"""A poor network as a program: carries packets between two TUN devices, late, and loses some. For kernels without netem.

    python3 carrier.py DELAY_MS LOSS_PERCENT

Prints the names of the devices. They may be moved to other network namespaces; this program keeps its ends of them.
"""
import collections
import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h

delay, loss = int(sys.argv[1]) / 1000, int(sys.argv[2]) / 100
chance = random.Random(0)
ends = []
for n in range(2):
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    name = fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", b"tun%d", IFF_TUN | IFF_NO_PI))
    print(name[:16].rstrip(b"\0").decode(), flush=True)
    ends.append(end)

# Where a packet goes, and those that are on their way there, in order.
ways = {end: (ends[1 - n], collections.deque()) for n, end in enumerate(ends)}
while True:
    due = [way[0][0] for _, way in ways.values() if way]
    patience = max(0, min(due) - time.monotonic()) if due else None
    for end in select.select(ends, [], [], patience)[0]:
        try:
            for _ in range(64):
                packet = os.read(end, 65536)
                if chance.random() >= loss:
                    ways[end][1].append((time.monotonic() + delay, packet))
        except BlockingIOError:
            pass
        except OSError:
            sys.exit()  # the device is gone
    now = time.monotonic()
    for to, way in ways.values():
        while way and way[0][0] <= now:
            try:
                os.write(to, way.popleft()[1])
            except OSError:
                pass  # the device is not up yet, or not any more: lost, as on any network
