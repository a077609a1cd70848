"""More help texts of ipmitool 1.8.19, as Debian 12 prints them on standard error (last newline left out)."""

from __future__ import annotations

HPM_USAGE = """\
help                    - This help menu.

check                   - Check the target information.
check <file>            - If the user is unsure of what update is going to be\x20
                          This will display the existing target version and
                          image version on the screen

upgrade <file> [component x...] [force] [activate]
                        - Copies components from a valid HPM.1 image to the target.
                          If one or more components specified by "component",
                          only the specified components are copied.
                          Otherwise, all the image components are copied.
                          Before copy, each image component undergoes a version check
                          and can be skipped if the target component version
                          is the same or more recent.
                          Use "force" to bypass the version check results.
                          Make sure to check the versions first using the
                          "check <file>" command.
                          If "activate" is specified, the newly uploaded firmware
                          is activated.
upgstatus               - Returns the status of the last long duration command.

compare <file>          - Perform "Comparison of the Active Copy" action for all the
                          components present in the file.
compare <file> component x - Compare only component <x> from the given <file>
activate                - Activate the newly uploaded firmware.
activate norollback     - Activate the newly uploaded firmware but inform
                          the target to not automatically rollback if\x20
                          the upgrade fails.

targetcap               - Get the target upgrade capabilities.

compprop <id> <prop>    - Get specified component properties from the target.
                          Valid component <id>: 0-7\x20
                          Properties <prop> can be one of the following:\x20
                          0- General properties
                          1- Current firmware version
                          2- Description string
                          3- Rollback firmware version
                          4- Deferred firmware version

abort                   - Abort the on-going firmware upgrade.

rollback                - Performs a manual rollback on the IPM Controller.
                          firmware
rollbackstatus          - Query the rollback status.

selftestresult          - Query the self test results.
"""

COMMANDS = """\
Commands:
\traw           Send a RAW IPMI request and print response
\ti2c           Send an I2C Master Write-Read command and print response
\tspd           Print SPD info from remote I2C device
\tlan           Configure LAN Channels
\tchassis       Get chassis status and set power state
\tpower         Shortcut to chassis power commands
\tevent         Send pre-defined events to MC
\tmc            Management Controller status and global enables
\tsdr           Print Sensor Data Repository entries and readings
\tsensor        Print detailed sensor information
\tfru           Print built-in FRU and scan SDR for FRU locators
\tgendev        Read/Write Device associated with Generic Device locators sdr
\tsel           Print System Event Log (SEL)
\tpef           Configure Platform Event Filtering (PEF)
\tsol           Configure and connect IPMIv2.0 Serial-over-LAN
\ttsol          Configure and connect with Tyan IPMIv1.5 Serial-over-LAN
\tisol          Configure IPMIv1.5 Serial-over-LAN
\tuser          Configure Management Controller users
\tchannel       Configure Management Controller channels
\tsession       Print session information
\tdcmi          Data Center Management Interface
\tnm            Node Manager Interface
\tsunoem        OEM Commands for Sun servers
\tkontronoem    OEM Commands for Kontron devices
\tpicmg         Run a PICMG/ATCA extended cmd
\tfwum          Update IPMC using Kontron OEM Firmware Update Manager
\tfirewall      Configure Firmware Firewall
\tdelloem       OEM Commands for Dell systems
\tshell         Launch interactive IPMI shell
\texec          Run list of commands from file
\tset           Set runtime variable for shell and exec
\thpm           Update HPM components using PICMG HPM.1 file
\tekanalyzer    run FRU-Ekeying analyzer using FRU files
\time           Update Intel Manageability Engine Firmware
\tvita          Run a VITA 46.11 extended cmd
\tlan6          Configure IPv6 LAN Channels
"""

OPTIONS_USAGE = (
    """\
ipmitool version 1.8.19

usage: ipmitool [options...] <command>

       -h             This help
       -V             Show version information
       -v             Verbose (can use multiple times)
       -c             Display output in comma separated format
       -d N           Specify a /dev/ipmiN device to use (default=0)
       -I intf        Interface to use
       -H hostname    Remote host name for LAN interface
       -p port        Remote RMCP port [default=623]
       -U username    Remote session username
       -f file        Read remote session password from file
       -z size        Change Size of Communication Channel (OEM)
       -S sdr         Use local file for remote SDR cache
       -D tty:b[:s]   Specify the serial device, baud rate to use
                      and, optionally, specify that interface is the system one
       -4             Use only IPv4
       -6             Use only IPv6
       -a             Prompt for remote password
       -Y             Prompt for the Kg key for IPMIv2 authentication
       -e char        Set SOL escape character
       -C ciphersuite Cipher suite to be used by lanplus interface
       -k key         Use Kg key for IPMIv2 authentication
       -y hex_key     Use hexadecimal-encoded Kg key for IPMIv2 authentication
       -L level       Remote session privilege level [default=ADMINISTRATOR]
                      Append a '+' to use name/privilege lookup in RAKP1
       -A authtype    Force use of auth type NONE, PASSWORD, MD2, MD5 or OEM
       -P password    Remote session password
       -E             Read password from IPMI_PASSWORD environment variable
       -K             Read kgkey from IPMI_KGKEY environment variable
       -m address     Set local IPMB address
       -b channel     Set destination channel for bridged request
       -t address     Bridge request to remote target address
       -B channel     Set transit channel for bridged request (dual bridge)
       -T address     Set transit address for bridge request (dual bridge)
       -l lun         Set destination lun for raw commands
       -o oemtype     Setup for OEM (use 'list' to see available OEM types)
       -O seloem      Use file for OEM SEL event descriptions
       -N seconds     Specify timeout for lan [default=2] / lanplus [default=1] interface
       -R retry       Set the number of retries for lan/lanplus interface [default=4]
       -Z             Display all dates in UTC

Interfaces:
\topen          Linux OpenIPMI Interface [default]
\timb           Intel IMB Interface\x20
\tlan           IPMI v1.5 LAN Interface\x20
\tlanplus       IPMI v2.0 RMCP+ LAN Interface\x20
\tfree          FreeIPMI IPMI Interface\x20
\tserial-terminal  Serial Interface, Terminal Mode\x20
\tserial-basic  Serial Interface, Basic Mode\x20
\tdummy         Linux DummyIPMI Interface\x20
\tusb           IPMI USB Interface(OEM Interface for AMI Devices)\x20

"""
    + COMMANDS
)

SDR_USAGE = """\
usage: sdr <command> [options]
               list | elist [option]
                     all           All SDR Records
                     full          Full Sensor Record
                     compact       Compact Sensor Record
                     event         Event-Only Sensor Record
                     mcloc         Management Controller Locator Record
                     fru           FRU Locator Record
                     generic       Generic Device Locator Record

               type [option]
                     <Sensor_Type> Retrieve the state of specified sensor.
                                   Sensor_Type can be specified either as
                                   a string or a hex value.
                     list          Get a list of available sensor types

               get <Sensor_ID>
                     Retrieve state of the first sensor matched by Sensor_ID

               info
                     Display information about the repository itself

               entity <Entity_ID>[.<Instance_ID>]
                     Display all sensors associated with an entity

               dump <file>
                     Dump raw SDR data to a file

               fill <option>
                     sensors       Creates the SDR repository for the current
                                   configuration
                     nosat         Creates the SDR repository for the current
                                   configuration, without satellite scan
                     file <file>   Load SDR repository from a file
                     range <range> Load SDR repository from a provided list
                                   or range. Use ',' for list or '-' for
                                   range, eg. 0x28,0x32,0x40-0x44"""

SENSOR_GET_USAGE = """\
sensor get <id> ... [id]
   id        : name of desired sensor"""

FRU_USAGE = """\
FRU Commands:  print read write upgEkey edit internaluse get"""

SOL_USAGE = """\
SOL Commands: info [<channel number>]
              set <parameter> <value> [channel]
              payload <enable|disable|status> [channel] [userid]
              activate [<usesolkeepalive|nokeepalive>] [instance=<number>]
              deactivate [instance=<number>]
              looptest [<loop times> [<loop interval(in ms)> [<instance>]]]"""

SESSION_USAGE = """\
Session Commands: info <active | all | id 0xnnnnnnnn | handle 0xnn>"""

DELL_USAGE = """\

usage: delloem <command> [option...]

commands:
    lcd
    mac
    lan
    setled
    powermonitor
    vFlash

For help on individual commands type:
delloem <command> help"""

DELL_LAN_USAGE = """\

   lan set <Mode>
      sets the NIC Selection Mode :
          on iDRAC12g OR iDRAC13g  :
              dedicated, shared with lom1, shared with lom2,shared with lom3,shared
              with lom4,shared with failover lom1,shared with failover lom2,shared
              with failover lom3,shared with failover lom4,shared with Failover all
              loms, shared with Failover None).
          on other systems :
              dedicated, shared, shared with failover lom2,
              shared with Failover all loms.

   lan get\x20
          on iDRAC12g or iDRAC13g  :
              returns the current NIC Selection Mode (dedicated, shared with lom1, shared
              with lom2, shared with lom3, shared with lom4,shared with failover lom1,
              shared with failover lom2,shared with failover lom3,shared with failover
              lom4,shared with Failover all loms,shared with Failover None).
          on other systems :
              dedicated, shared, shared with failover,
              lom2, shared with Failover all loms.

   lan get active
      returns the current active NIC (dedicated, LOM1, LOM2, LOM3, LOM4).
"""
