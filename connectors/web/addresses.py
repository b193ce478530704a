"""Which IP addresses are on the public internet, by IANA's registries of special addresses.

Python's own ``ipaddress.is_global`` changes with the version of Python: 3.11.7 calls 192.0.0.192 global, where a cloud
serves the secrets of its machines. So the list is ours. It is stricter than the registries' column "Globally
Reachable": anycast services inside 192.0.0.0/24 and 2001::/23 are reachable, but nobody publishes news there.

Sources, as of 2025-10-09: https://www.iana.org/assignments/iana-ipv4-special-registry,
https://www.iana.org/assignments/iana-ipv6-special-registry, and for what is in use of IPv6 at all
https://www.iana.org/assignments/ipv6-address-space.
"""

from __future__ import annotations

import ipaddress

_NOT_PUBLIC_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private use (RFC 1918)
        "100.64.0.0/10",  # shared by the customers of a provider (RFC 6598)
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link-local (RFC 3927), metadata of clouds included
        "172.16.0.0/12",  # private use (RFC 1918)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # 6to4 relays, deprecated (RFC 7526)
        "192.168.0.0/16",  # private use (RFC 1918)
        "198.18.0.0/15",  # benchmarking (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved (RFC 1112), limited broadcast included
    )
)
_IN_USE_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments (RFC 2928), Teredo, benchmarking and ORCHID included
        "2001:db8::/32",  # documentation (RFC 3849)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet.

    An IPv6 address through which an IPv4 address is reached (6to4, NAT64) counts as that IPv4 address. Mapped and
    compatible addresses lie outside 2000::/3 and are never public; no site needs them to be reached.

    Raises:
        ValueError: it is not an IP address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_4)
    if ip in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    if ip.sixtofour and not is_public(str(ip.sixtofour)):
        return False
    return ip in _IN_USE_6 and not any(ip in network for network in _NOT_PUBLIC_6)
