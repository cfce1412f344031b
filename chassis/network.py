"""Network addresses as they may be kept: without what tells one household from the next."""

import ipaddress


def network(address: str) -> str | None:
    """The network of an address, /24 of IPv4 and /48 of IPv6: `203.0.113.0`; None for what is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False).network_address)
