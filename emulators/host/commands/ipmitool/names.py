"""Who made a controller and what it is called, as Debian 12's ipmitool 1.8.19 prints it.

Manufacturers come from the registry that Debian ships (/usr/share/misc/enterprise-numbers.txt of May 2024), products
from the tool's own table (lib/ipmi_strings.c), which names no X11 or X12 board and no Dell.
"""

from __future__ import annotations

from emulators.host.commands.ipmitool.products import SUPERMICRO
from emulators.host.commands.ipmitool.values import text_of

SUPERMICRO_ID, DELL_ID = 10876, 674
MANUFACTURERS = {
    0: "Unknown",
    2: "IBM (https://w3.ibm.com/standards )",
    11: "Hewlett-Packard",
    343: "Intel Corporation",
    DELL_ID: "Dell Inc.",
    10297: "Advantech Co., Ltd.",
    SUPERMICRO_ID: "Super Micro Computer Inc.",
    15178: "Axtion Systems Corporation",
    47488: "Nedam ENG. Co., ltd.",
}


def manufacturer_name(number: int) -> str:
    return text_of(number, MANUFACTURERS)


def product_name(manufacturer: int, product: int) -> str:
    return text_of(product, SUPERMICRO if manufacturer == SUPERMICRO_ID else {})
