"""What each client is asked to do, as data: rows are tasks, columns are clients. `conformance` runs them.

A cell is the words typed and a text that only a right answer brings; a string by itself says why there is no cell.
"""

from __future__ import annotations

from typing import NamedTuple


class Cell(NamedTuple):
    """`words` go to the client behind what it needs to log in; `says` must be in what it prints, and it must exit 0."""

    words: str
    says: str


class Row(NamedTuple):
    """One task."""

    task: str
    ipmitool: Cell | str
    freeipmi: Cell | str
    ipmiutil: Cell | str
    openipmi: Cell | str
    pyghmi: Cell | str


ABSENT = "the client has no such command"
IN_BAND = "FreeIPMI's bmc-watchdog works in band only"

ROWS = [
    Row(
        "presence ping",
        ABSENT,
        Cell("rmcp-ping -c 1", "1 pongs received"),
        Cell("discover -r 1", "127."),
        Cell("rmcp_ping", "127."),
        ABSENT,
    ),
    Row(
        "IPMI ping",
        ABSENT,
        Cell("ipmi-ping -c 1", "response received"),
        Cell("discover -g -r 1", "127."),
        ABSENT,
        ABSENT,
    ),
    Row(
        "device id",
        Cell("mc info", "Product ID                : 2392"),
        Cell("bmc-info --get-device-id", ": 2392"),
        Cell("health", "product = 0958"),
        Cell("06 01", "07 00 01 00 20 01"),
        Cell("raw_command 6 1", "'code': 0"),
    ),
    Row(
        "GUID",
        Cell("mc guid", "AC1F6B0A1020"),
        Cell("bmc-info --get-system-guid", "20100a6b-1fac"),
        Cell("health -g", "1020"),
        Cell("06 37", "07 00 37 00 00"),
        Cell("raw_command 6 0x37", "'code': 0"),
    ),
    Row(
        "self-test",
        Cell("mc selftest", "passed"),
        Cell("bmc-device --get-self-test-results", "No Error"),
        Cell("health", "(OK)"),
        Cell("06 04", "04 00 55 00"),
        Cell("raw_command 6 4", "'code': 0"),
    ),
    Row(
        "message flags, enables",
        Cell("mc getenables", "System Event Logging                     : enabled"),
        ABSENT,
        Cell("getevt -o", "bmc enables = 09"),
        Cell("06 2f", "2f 00 09"),
        Cell("raw_command 6 0x2f", "'code': 0"),
    ),
    Row(
        "power status",
        Cell("power status", "Chassis Power is on"),
        Cell("ipmipower --stat", ": on"),
        Cell("health", "chassis_power       = on"),
        Cell("00 01", "01 00"),
        Cell("get_power", "'on'"),
    ),
    Row(
        "power on",
        Cell("power on", "Up/On"),
        Cell("ipmipower --on", ": ok"),
        Cell("reset -u", "IPMI_Reset ok"),
        Cell("00 02 01", "01 00 02 00"),
        Cell("set_power on", "'on'"),
    ),
    Row(
        "power reset",
        Cell("power reset", "Reset"),
        Cell("ipmipower --reset", ": ok"),
        Cell("reset -r", "IPMI_Reset ok"),
        Cell("00 02 03", "01 00 02 00"),
        Cell("set_power reset", "reset"),
    ),
    Row(
        "chassis status",
        Cell("chassis status", "Power Restore Policy : previous"),
        Cell("ipmi-chassis --get-chassis-status", "System Power                        : on"),
        Cell("health", "pwr_restore_policy  = last_state"),
        Cell("00 01", "01 00 01 00"),
        Cell("raw_command 0 1", "'code': 0"),
    ),
    Row(
        "restart cause",
        Cell("chassis restart_cause", "System restart cause"),
        Cell("ipmi-chassis --get-system-restart-cause", "Restart cause"),
        ABSENT,
        Cell("00 07", "07 00"),
        ABSENT,
    ),
    Row(
        "identify",
        Cell("chassis identify 1", "1 seconds"),
        Cell("ipmi-chassis --chassis-identify=1", ""),
        Cell("alarms -i1", ""),
        Cell("00 04 01", "04 00"),
        Cell("set_identify 1", ""),
    ),
    Row(
        "boot device",
        Cell("chassis bootdev pxe", "Set Boot Device to pxe"),
        Cell("ipmi-config --category=chassis --checkout -S Chassis_Boot_Flags", "Boot_Device"),
        Cell("reset -p", "IPMI_Reset ok"),
        Cell("00 09 05 00 00", "09 00 01 05"),
        Cell("set_bootdev network", "network"),
    ),
    Row(
        "restore policy",
        Cell("chassis policy previous", "previous"),
        Cell("ipmi-chassis --set-power-restore-policy=RESTORE", ""),
        Cell("health -p1", "last_state"),
        Cell("00 06 01", "06 00 07"),
        ABSENT,
    ),
    Row(
        "LAN settings",
        Cell("lan print 1", "Static Address"),
        Cell(
            "ipmi-config --category=core --checkout -S Lan_Conf", "IP_Address_Source                             Static"
        ),
        Cell("lan -r", "Lan Param(3) IP address: 127"),
        Cell("0c 02 01 03 00 00", "02 00 11 7f"),
        Cell("get_net_configuration", "'ipv4_configuration': 'Static'"),
    ),
    Row(
        "set a LAN setting",
        Cell("lan set 1 snmp public", ""),
        Cell("ipmi-config --category=core --commit -e Lan_Conf_Misc:Gratuitous_ARP_Interval=4", ""),
        ABSENT,
        Cell("0c 01 01 0b 04", "01 00"),
        Cell("set_net_configuration", ""),
    ),
    Row(
        "channel",
        Cell("channel info 1", "802.3 LAN"),
        Cell("bmc-info --get-channel-info", "802.3 LAN"),
        ABSENT,
        Cell("06 42 01", "42 00 01 04"),
        Cell("get_channel_info 1", "LAN"),
    ),
    Row(
        "users",
        Cell("user list 1", "ADMINISTRATOR"),
        Cell("ipmi-config --category=core --checkout -S User2", "ADMIN"),
        Cell("user list", "ADMIN"),
        Cell("06 44 01 02", "44 00 0a"),
        Cell("get_users", "'ADMIN'"),
    ),
    Row(
        "a new user",
        Cell("user set name 5 bob", ""),
        Cell("ipmi-config --category=core --commit -e User5:Username=bob", ""),
        ABSENT,
        Cell("06 45 05 62 6f 62 00 00 00 00 00 00 00 00 00 00 00 00 00", "45 00"),
        Cell("set_user_name 5 bob", ""),
    ),
    Row(
        "sensors",
        Cell("sdr elist all", "PS1 Status       | 07h | ok"),
        Cell("ipmi-sensors", "| FAN1        | Fan"),
        Cell("sensor", "FAN1             = aa OK 3400.00 RPM"),
        Cell("sh: sensor list d(29.1)", "FAN1"),
        Cell("get_sensor_data", "FAN1"),
    ),
    Row(
        "thresholds",
        Cell("sensor thresh FAN1 lcr 400", "Setting sensor"),
        Cell("ipmi-sensors --output-sensor-thresholds", "95.00"),
        Cell("sensor -t", "FAN1"),
        Cell("04 27 03", "27 00"),
        ABSENT,
    ),
    Row(
        "event log",
        Cell("sel info", "Overflow         : false"),
        Cell("ipmi-sel --info", "Number of log entries"),
        Cell("sel", "Size = 512"),
        Cell("0a 40", "40 00 51"),
        Cell("get_event_log", ""),
    ),
    Row(
        "clear the log",
        Cell("sel clear", "Clearing SEL"),
        Cell("ipmi-sel --clear", ""),
        Cell("sel -d", "Log Cleared successfully"),
        Cell("0a 42", "42 00"),
        Cell("clear_event_log", ""),
    ),
    Row(
        "log's clock",
        Cell("sel time get", "01/01/26"),
        Cell("bmc-device --get-sel-time", "SEL Time"),
        ABSENT,
        Cell("0a 48", "48 00"),
        ABSENT,
    ),
    Row(
        "FRU",
        Cell("fru print", "X11SSH-F"),
        Cell("ipmi-fru", "FRU Board Product Name: X11SSH-F"),
        Cell("fru", "Board Product Name  : X11SSH-F"),
        Cell("0a 10 00", "10 00 00 02"),
        Cell("get_inventory", "X11SSH-F"),
    ),
    Row(
        "watchdog", Cell("mc watchdog get", "Stopped"), IN_BAND, Cell("wdt", "stopped"), Cell("06 25", "25 00"), ABSENT
    ),
    Row(
        "SOL settings",
        Cell("sol info 1", "Payload Port                    : 623"),
        Cell("ipmi-config --category=core --checkout -S SOL_Conf", "Enable_SOL                                    Yes"),
        ABSENT,
        Cell("0c 22 01 01 00 00", "22 00 11"),
        ABSENT,
    ),
    Row(
        "event filters",
        Cell("pef info", "Alert,Power-off"),
        Cell("ipmi-config --category=pef --checkout", "Event_Filter_16"),
        Cell("lan -r", "PEF Control"),
        Cell("04 10", "10 00 51"),
        ABSENT,
    ),
    Row(
        "sessions",
        Cell("session info active", "privilege level"),
        ABSENT,
        Cell("health -s", "Active Sessions"),
        Cell("06 3d 00", "3d 00"),
        Cell("raw_command 6 0x3d 0", "'code': 0"),
    ),
    Row(
        "any command",
        Cell("raw 6 1", " 20 01 03 88"),
        Cell("ipmi-raw 0 6 1", "rcvd: 01 00 20 01"),
        Cell("cmd 00 20 18 01", "20 01 03 88"),
        Cell("06 01", "20 01 03 88"),
        Cell("raw_command 6 1", "'code': 0"),
    ),
    Row(
        "HPM.1 target",
        Cell("hpm check", "|   0|BMC"),
        ABSENT,
        Cell("hpm check", "| 0 |BMC"),
        Cell("2c 2e 00", "2e 00 00"),
        ABSENT,
    ),
    Row("core settings: checkout", ABSENT, Cell("checkout core", "EndSection"), ABSENT, ABSENT, ABSENT),
    Row("core settings: commit", ABSENT, Cell("commit core", ""), ABSENT, ABSENT, ABSENT),
    Row("chassis settings: both", ABSENT, Cell("round chassis", ""), ABSENT, ABSENT, ABSENT),
    Row("sensor settings: both", ABSENT, Cell("round sensors", ""), ABSENT, ABSENT, ABSENT),
    Row("event filter settings: both", ABSENT, Cell("round pef", ""), ABSENT, ABSENT, ABSENT),
    Row(
        "DCMI",
        Cell("dcmi discover", "DCMI"),
        Cell("ipmi-dcmi --get-dcmi-capability-info", "DCMI"),
        Cell("dcmi", "DCMI"),
        Cell("2c 01 dc 01", "01 00"),
        ABSENT,
    ),
    Row(
        "cold reset",
        Cell("mc reset cold", "Sent cold reset command to MC"),
        Cell("bmc-device --cold-reset", ""),
        Cell("reset -k", "Cold_Reset"),
        Cell("06 02", "02 00"),
        Cell("reset_bmc", ""),
    ),
]

# A board whose BMC lists all that FreeIPMI wants to see.
ROWS_OF_AN_OLD_BOARD = [
    Row(
        "core settings of a c6220: checkout",
        ABSENT,
        Cell("checkout core", "Cipher_Suite_Id_15"),
        ABSENT,
        ABSENT,
        ABSENT,
    ),
    Row("core settings of a c6220: both", ABSENT, Cell("round core", "Cipher_Suite_Id_15"), ABSENT, ABSENT, ABSENT),
]
