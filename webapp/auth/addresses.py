"""Whose address counts as whose: what one customer of a network is given counts as one."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Final

_IPV6_SITE: Final = 64


def site_of(address: str) -> str:
    """One address of version 4; of version 6 the network that one site is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return digest(address)
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_SITE), strict=False).network_address)


def digest(text: str) -> str:
    """Of bounded length, whatever a stranger sends."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
