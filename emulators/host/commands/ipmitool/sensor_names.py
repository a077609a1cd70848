"""Names of sensor types, units and chassis types as ipmitool 1.8.19 prints them."""

from __future__ import annotations

# fmt: off
SENSOR_TYPES = (
    "reserved", "Temperature", "Voltage", "Current", "Fan", "Physical Security", "Platform Security",
    "Processor", "Power Supply", "Power Unit", "Cooling Device", "Other", "Memory", "Drive Slot / Bay",
    "POST Memory Resize", "System Firmwares", "Event Logging Disabled", "Watchdog1", "System Event",
    "Critical Interrupt", "Button", "Module / Board", "Microcontroller", "Add-in Card", "Chassis", "Chip Set",
    "Other FRU", "Cable / Interconnect", "Terminator", "System Boot Initiated", "Boot Error", "OS Boot",
    "OS Critical Stop", "Slot / Connector", "System ACPI Power State", "Watchdog2", "Platform Alert",
    "Entity Presence", "Monitor ASIC", "LAN", "Management Subsys Health", "Battery", "Session Audit",
    "Version Change", "FRU State",
)

UNITS = (
    "unspecified", "degrees C", "degrees F", "degrees K", "Volts", "Amps", "Watts", "Joules", "Coulombs", "VA",
    "Nits", "lumen", "lux", "Candela", "kPa", "PSI", "Newton", "CFM", "RPM", "Hz", "microsecond", "millisecond",
    "second", "minute", "hour", "day", "week", "mil", "inches", "feet", "cu in", "cu feet", "mm", "cm", "m",
    "cu cm", "cu m", "liters", "fluid ounce", "radians", "steradians", "revolutions", "cycles", "gravities",
    "ounce", "pound", "ft-lb", "oz-in", "gauss", "gilberts", "henry", "millihenry", "farad", "microfarad",
    "ohms", "siemens", "mole", "becquerel", "PPM", "reserved", "Decibels", "DbA", "DbC", "gray", "sievert",
    "color temp deg K", "bit", "kilobit", "megabit", "gigabit", "byte", "kilobyte", "megabyte", "gigabyte",
    "word", "dword", "qword", "line", "hit", "miss", "retry", "reset", "overflow", "underrun", "collision",
    "packets", "messages", "characters", "error", "correctable error", "uncorrectable error", "fatal error",
    "grams",
)

CHASSIS_TYPES = (
    "Unspecified", "Other", "Unknown", "Desktop", "Low Profile Desktop", "Pizza Box", "Mini Tower", "Tower",
    "Portable", "LapTop", "Notebook", "Hand Held", "Docking Station", "All in One", "Sub Notebook",
    "Space-saving", "Lunch Box", "Main Server Chassis", "Expansion Chassis", "SubChassis",
    "Bus Expansion Chassis", "Peripheral Chassis", "RAID Chassis", "Rack Mount Chassis", "Sealed-case PC",
    "Multi-system Chassis", "CompactPCI", "AdvancedTCA", "Blade", "Blade Enclosure",
)

ENTITIES = {
    0x00: "Unspecified", 0x01: "Other", 0x02: "Unknown", 0x03: "Processor", 0x04: "Disk or Disk Bay",
    0x05: "Peripheral Bay", 0x06: "System Management Module", 0x07: "System Board", 0x08: "Memory Module",
    0x09: "Processor Module", 0x0A: "Power Supply", 0x0B: "Add-in Card", 0x0C: "Front Panel Board",
    0x0D: "Back Panel Board", 0x0E: "Power System Board", 0x0F: "Drive Backplane",
    0x10: "System Internal Expansion Board", 0x11: "Other System Board", 0x12: "Processor Board",
    0x13: "Power Unit", 0x14: "Power Module", 0x15: "Power Management", 0x16: "Chassis Back Panel Board",
    0x17: "System Chassis", 0x18: "Sub-Chassis", 0x19: "Other Chassis Board", 0x1A: "Disk Drive Bay",
    0x1B: "Peripheral Bay", 0x1C: "Device Bay", 0x1D: "Fan Device", 0x1E: "Cooling Unit",
    0x1F: "Cable/Interconnect", 0x20: "Memory Device", 0x21: "System Management Software", 0x22: "BIOS",
    0x23: "Operating System", 0x24: "System Bus", 0x25: "Group", 0x26: "Remote Management Device",
    0x27: "External Environment", 0x28: "Battery", 0x29: "Processing Blade", 0x2A: "Connectivity Switch",
    0x2B: "Processor/Memory Module", 0x2C: "I/O Module", 0x2D: "Processor/IO Module",
    0x2E: "Management Controller Firmware", 0x2F: "IPMI Channel", 0x30: "PCI Bus", 0x31: "PCI Express Bus",
    0x32: "SCSI Bus (parallel)", 0x33: "SATA/SAS Bus", 0x34: "Processor/Front-Side Bus",
    0x35: "Real Time Clock(RTC)", 0x36: "Reserved", 0x37: "Air Inlet", 0x38: "Reserved", 0x39: "Reserved",
    0x3A: "Reserved", 0x3B: "Reserved", 0x3C: "Reserved", 0x3D: "Reserved", 0x3E: "Reserved", 0x3F: "Reserved",
    0x40: "Air Inlet", 0x41: "Processor", 0x42: "Baseboard/Main System Board", 0xA0: "PICMG Front Board",
    0xC0: "PICMG Rear Transition Module", 0xC1: "PICMG AdvancedMC Module",
    0xF0: "PICMG Shelf Management Controller", 0xF1: "PICMG Filtration Unit",
    0xF2: "PICMG Shelf FRU Information", 0xF3: "PICMG Alarm Panel",
}
# fmt: on
