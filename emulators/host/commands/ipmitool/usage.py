"""Help texts of ipmitool 1.8.19, as Debian 12 prints them on standard error (last newline left out)."""

from __future__ import annotations

MC_USAGE = """\
MC Commands:
  reset <warm|cold>
  guid [auto|smbios|ipmi|rfc4122|dump]
  info
  watchdog <get|reset|off>
  selftest
  getenables
  setenables <option=on|off> ...
    recv_msg_intr         Receive Message Queue Interrupt
    event_msg_intr        Event Message Buffer Full Interrupt
    event_msg             Event Message Buffer
    system_event_log      System Event Logging
    oem0                  OEM 0
    oem1                  OEM 1
    oem2                  OEM 2
  getsysinfo <argument>
  setsysinfo <argument> <string>
    system_fw_version   System firmware (e.g. BIOS) version
    primary_os_name     Primary operating system name
    os_name             Operating system name
    system_name         System Name of server(vendor dependent)
    delloem_os_version  Running version of operating system
    delloem_url         URL of BMC webserver
"""

MC_RESET_USAGE = """\
usage: mc reset <warm|cold>"""

WATCHDOG_USAGE = """\
usage: watchdog <command>:

   set <option[=value]> [<option[=value]> ...]
     Set Watchdog settings
     Options: (* = mandatory)
       timeout=<1-6553>                    - [0] Initial countdown value, sec
       pretimeout=<1-255>                  - [0] Pre-timeout interval, sec
       int=<smi|nmi|msg>                   - [-] Pre-timeout interrupt type
       use=<frb2|post|osload|sms|oem>      - [-] Timer use
       clear=<frb2|post|osload|sms|oem>    - [-] Clear timer use expiration
                                                 flag, can be specified
                                                 multiple times
       action=<reset|poweroff|cycle|none>  - [none] Timer action
       nolog                               - [-] Don't log the timer use
       dontstop                            - [-] Don't stop the timer
                                                 while applying settings

   get
     Get Current settings

   reset
     Restart Watchdog timer based on the most recent settings

   """

RAW_USAGE = """\
RAW Commands:  raw <netfn> <cmd> [data]

Network Function Codes:

  VAL\tHEX\tSTRING
==============================================
  0\t0x00\tChassis
  2\t0x02\tBridge
  4\t0x04\tSensorEvent
  6\t0x06\tApplication
  8\t0x08\tFirmware
  10\t0x0a\tStorage
  12\t0x0c\tTransport

(can also use raw hex values)"""

USER_USAGE = """\
User Commands:
               summary      [<channel number>]
               list         [<channel number>]
               set name     <user id> <username>
               set password <user id> [<password> [<16|20>]]
               disable      <user id>
               enable       <user id>
               priv         <user id> <privilege level> [<channel number>]
                     Privilege levels:
                      * 0x1 - Callback
                      * 0x2 - User
                      * 0x3 - Operator
                      * 0x4 - Administrator
                      * 0x5 - OEM Proprietary
                      * 0xF - No Access

               test         <user id> <16|20> [<password]>
"""

CHANNEL_USAGE = """\
Channel Commands: authcap   <channel number> <max privilege>
                  getaccess <channel number> [user id]
                  setaccess <channel number> <user id> [callin=on|off] [ipmi=on|off] [link=on|off] [privilege=level]
                  info      [channel number]
                  getciphers <ipmi | sol> [channel]

Possible privilege levels are:
   1   Callback level
   2   User level
   3   Operator level
   4   Administrator level
   5   OEM Proprietary level
  15   No access"""

LAN_USAGE = """\
LAN Commands:
\t\t   print [<channel number>]
\t\t   set <channel number> <command> <parameter>
\t\t   alert print <channel number> <alert destination>
\t\t   alert set <channel number> <alert destination> <command> <parameter>
\t\t   stats get [<channel number>]
\t\t   stats clear [<channel number>]"""

LAN_SET_USAGE = """\

usage: lan set <channel> <command> <parameter>

LAN set command/parameter options:
  ipaddr <x.x.x.x>               Set channel IP address
  netmask <x.x.x.x>              Set channel IP netmask
  macaddr <x:x:x:x:x:x>          Set channel MAC address
  defgw ipaddr <x.x.x.x>         Set default gateway IP address
  defgw macaddr <x:x:x:x:x:x>    Set default gateway MAC address
  bakgw ipaddr <x.x.x.x>         Set backup gateway IP address
  bakgw macaddr <x:x:x:x:x:x>    Set backup gateway MAC address
  password <password>            Set session password for this channel
  snmp <community string>        Set SNMP public community string
  user                           Enable default user for this channel
  access <on|off>                Enable or disable access to this channel
  alert <on|off>                 Enable or disable PEF alerting for this channel
  arp respond <on|off>           Enable or disable BMC ARP responding
  arp generate <on|off>          Enable or disable BMC gratuitous ARP generation
  arp interval <seconds>         Set gratuitous ARP generation interval
  vlan id <off|<id>>             Disable or enable VLAN and set ID (1-4094)
  vlan priority <priority>       Set vlan priority (0-7)
  auth <level> <type,..>         Set channel authentication types
    level  = CALLBACK, USER, OPERATOR, ADMIN
    type   = NONE, MD2, MD5, PASSWORD, OEM
  ipsrc <source>                 Set IP Address source
    none   = unspecified source
    static = address manually configured to be static
    dhcp   = address obtained by BMC running DHCP
    bios   = address loaded by BIOS or system software
  cipher_privs XXXXXXXXXXXXXXX   Set RMCP+ cipher suite privilege levels
    X = Cipher Suite Unused
    c = CALLBACK
    u = USER
    o = OPERATOR
    a = ADMIN
    O = OEM

  bad_pass_thresh <thresh_num> <1|0> <reset_interval> <lockout_interval>
                                Set bad password threshold"""

CHASSIS_USAGE = """\
Chassis Commands:
  status, power, policy, restart_cause
  poh, identify, selftest,
  bootdev, bootparam, bootmbox"""

IDENTIFY_USAGE = """\
chassis identify <interval>
                 default is 15 seconds
                 0 to turn off
                 force to turn on indefinitely"""

POLICY_USAGE = """\
chassis policy <state>
   list        : return supported policies
   always-on   : turn on when power is restored
   previous    : return to previous state when power is restored
   always-off  : stay off after power is restored"""

POWER_USAGE = """\
chassis power Commands: status, on, off, cycle, reset, diag, soft"""

BOOTFLAG_USAGE = """\
bootparam set bootflag <device> [options=...]
 Legal devices are:
  none        : No override
  force_pxe   : Force PXE boot
  force_disk  : Force boot from default Hard-drive
  force_safe  : Force boot from default Hard-drive, request Safe Mode
  force_diag  : Force boot from Diagnostic Partition
  force_cdrom : Force boot from CD/DVD
  force_bios  : Force boot into BIOS Setup
 Legal options are:
  help    : print this message
  PEF     : Clear valid bit on reset/power cycle cause by PEF
  timeout : Automatically clear boot flag valid bit on timeout
  watchdog: Clear valid bit on reset/power cycle cause by watchdog
  reset   : Clear valid bit on push button reset/soft reset
  power   : Clear valid bit on power up via power push button or wake event
 Any Option may be prepended with no- to invert sense of operation
"""

BOOTDEV_USAGE = """\
bootdev <device> [clear-cmos=yes|no]
bootdev <device> [options=help,...]
  none  : Do not change boot device order
  pxe   : Force PXE boot
  disk  : Force boot from default Hard-drive
  safe  : Force boot from default Hard-drive, request Safe Mode
  diag  : Force boot from Diagnostic Partition
  cdrom : Force boot from CD/DVD
  bios  : Force boot into BIOS Setup
  floppy: Force boot from Floppy/primary removable media"""

BOOTDEV_OPTIONS_USAGE = """\
Legal options settings are:
  help                  : print this message
  valid                 : Boot flags valid
  persistent            : Changes are persistent for all future boots
  efiboot               : Extensible Firmware Interface Boot (EFI)
  clear-cmos            : CMOS clear
  lockkbd               : Lock Keyboard
  screenblank           : Screen Blank
  lockoutreset          : Lock out Reset buttons
  lockout_power         : Lock out (power off/sleep request) via Power Button
  verbose=default       : Request quiet BIOS display
  verbose=no            : Request quiet BIOS display
  verbose=yes           : Request verbose BIOS display
  force_pet             : Force progress event traps
  upw_bypass            : User password bypass
  lockout_sleep         : Lock out the Sleep button
  cons_redirect=default : Console redirection occurs per BIOS configuration setting
  cons_redirect=skip    : Suppress (skip) console redirection if enabled
  cons_redirect=enable  : Request console redirection be enabled"""

LAN_SET_USAGES = {
    "access": """\
lan set access <on|off>""",
    "arp": """\
lan set <channel> arp respond <on|off>
lan set <channel> arp generate <on|off>
lan set <channel> arp interval <seconds>

example: lan set 7 arp gratuitous off""",
    "auth": """\
lan set <channel> auth <level> <type,type,...>
  level = CALLBACK, USER, OPERATOR, ADMIN
  types = NONE, MD2, MD5, PASSWORD, OEM
example: lan set 7 auth ADMIN PASSWORD,MD5""",
    "bakgw": """\
LAN set backup gateway commands: ipaddr, macaddr""",
    "cipher_privs": """\
lan set <channel> cipher_privs XXXXXXXXXXXXXXX
    X = Cipher Suite Unused
    c = CALLBACK
    u = USER
    o = OPERATOR
    a = ADMIN
    O = OEM
""",
    "defgw": """\
LAN set default gateway Commands: ipaddr, macaddr""",
    "ipsrc": """\
lan set <channel> ipsrc <source>
  none   = unspecified
  static = static address (manually configured)
  dhcp   = address obtained by BMC running DHCP
  bios   = address loaded by BIOS or system software""",
    "snmp": """\
lan set <channel> snmp <community string>""",
    "vlan": """\
lan set <channel> vlan id <id>
lan set <channel> vlan id off
lan set <channel> vlan priority <priority>""",
    "bad_pass_thresh": """\
lan set <channel> bad_pass_thresh <thresh_num> <1|0> <reset_interval> <lockout_interval>
        <thresh_num>         Bad Password Threshold number.
        <1|0>                1 = generate a Session Audit sensor event.
                             0 = do not generate an event.
        <reset_interval>     Attempt Count Reset Interval. In tens of seconds.
        <lockount_interval>  User Lockout Interval. In tens of seconds.""",
}
