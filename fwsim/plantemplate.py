"""The commented plan that `fwsim plan new` prints: every key, what it is, and a value that reads well."""

from __future__ import annotations

from fwsim.boards import BiosMethod, BmcMethod, Board, Kind

_HEAD = """\
# A firmware update of one server: {title}.
# Fill in what stands in capitals, then: fwsim plan check THIS-FILE; fwsim rehearse THIS-FILE; fwsim update THIS-FILE
# Versions are text: keep their quotes, or YAML reads 3.90 as the number 3.9.

board: {name} # the baseboard, exactly; a near twin's images destroy it

host: # the server's operating system, over SSH
  address: HOST.EXAMPLE.NET
  port: 22
  user: root # or a user who may run sudo -n
  # key: ~/.ssh/id_ed25519       # default: your SSH agent and the usual keys
  # password: {{env: FWSIM_HOST_PASSWORD}}
  # known_hosts: known_hosts     # default: ~/.ssh/known_hosts
  # local: false                 # true: fwsim runs on this very server; then backup.copy_to is needed

bmc: # its management controller, IPMI over LAN
  address: BMC.EXAMPLE.NET
  port: 623
  user: {user}
  # One of: {{env: NAME}}, {{file: PATH}} (its first line), {{prompt: true}}. Never the password itself.
  password: {{env: FWSIM_BMC_PASSWORD}}
  # users: {{OPERATOR: {{env: FWSIM_OPERATOR_PASSWORD}}}}   # more users that can be put back where a flash loses them
  # cipher_suite: 17             # default: the best that the BMC offers
  # web: 443                     # the port of its web pages; preflight tries whether they are a way in

# What runs today. The update reads it from the server; a rehearsal starts its virtual server with it.
running: {{bmc: "{old_bmc}", bios: "{old_bios}"}}

payloads: # one of a kind; the BMC is always flashed first
"""
_ENTRY = """\
  - kind: {kind}
    file: {file} # relative to this plan
    version: "{version}" # what must be read back afterwards
    sha256: "{zeros}" # from the vendor's page
    # requires: ">={old}"   # must run before this file may be flashed, by the release notes
{bios}    # method: auto               # or one of: {tools}
    # attest: "NAME, DATE: this file is for {name}"   # where neither fwsim nor the vendor's tool can read it
    # intermediate:              # versions on the way, each with file, version, sha256, requires
    #   - {{file: OLDER{suffix}, version: "{old}", sha256: "...", requires: ""}}
"""
_STEMS = {("bmc", "racadm"): "iDRAC"}  # how the vendor names its files, where not by the kind
_NEEDS = """\
    # requires_bmc: ">={bmc}"   # the BMC that this BIOS needs
"""
_FALLBACK_HEAD = """
fallback: # firmware of the versions that run today, to go back to: without it nothing is flashed
"""
_FALLBACK = """\
  - {{kind: {kind}, file: {file}, version: "{old}", sha256: "{zeros}"}}
"""
_TAIL = """
power: # you attest this; the engine refuses less than two feeds without a UPS
  feeds: 2 # separate mains feeds (A and B) that supply this server
  ups: false

quiet: # you attest this; for the time of the update nobody else resets, powers or flashes this server
  fencing: false # true: cluster fencing (STONITH, vSphere HA) cannot act on it, or there is no cluster
  controllers: false # true: no other controller (MAAS, Ironic, OpenManage, ...) acts on its BMC

# sealed_disk: # where the TPM opens the root disk, and may not any more with a new BIOS
#   passphrase: true           # a passphrase is at hand, and was tried
#   unlock: {env: DISK_PHRASE} # where it comes from: typed at the console over LAN where the disk asks for it
# waivers: # findings of the preflight that may be; each refusal that can be waived says its name
#   - {finding: sel-1f, reason: "DIMM replaced, TICKET-123"}

policy: # what may be done without asking
  canary_reboot: true # reboot once before the BIOS is flashed: proves that the host comes back today
  allow_downgrade: false
  flash_over_lan: false # true: HPM.1 may go over the network, from this machine, where ipmitool on the host cannot
  install_ipmitool: false # install the package on the host where it is missing
  preserve_bios_settings: false # SUM --preserve_setting; needs a licence, and not every board has it
  accept_no_fallback: false # true: go on without firmware of the running versions at hand
  restore: true # put back users, BIOS settings and boot order that a flash lost; settings need one more reboot
  retry_failed_job: true # clear a failed job of an iDRAC, once it has ended, and hand the file over once more
  recovery: ask # repairs after a bad ending: ask, without-asking or never; putting the BMC's LAN back is never asked

# pdu: # switched outlets, one a power supply in order; used for a repair alone, and only while nothing is being flashed
#   - {off: "./outlet.sh pdu-a 7 off", on: "./outlet.sh pdu-a 7 on"}

# leases: # of the DHCP server, on this machine: where a BMC that has lost its address is looked for; one of the two
#   file: /var/lib/misc/dnsmasq.leases          # dnsmasq's, or ISC dhcpd's
#   command: "ssh DHCP.EXAMPLE.NET cat /var/lib/dhcp/dhcpd.leases"   # a command that prints such a file

# inventory: db07.yaml # where the server stands and whom to call, for tickets; a sample: fwsim ticket inventory

# before: ["./drain.sh db07"]     # on this machine before the first change; one that fails refuses the update
# verify: ["./service-is-up.sh"]  # at the end; each must exit 0
# after: ["./undrain.sh db07"]    # however it ended, told as FWSIM_ENDING

# backup: # of what a flash may lose; it lies in the run's folder in any case
#   copy_to: BACKUP.EXAMPLE.NET:/srv/fwsim   # a second place; needed with host.local
#   without: [bios-settings]                 # what may be missing, e.g. where SUM has no licence
"""


def render(board: Board) -> str:
    """The plan's text. It passes `fwsim plan check` once its payload files exist."""
    head = _HEAD.format(
        title=board.title,
        name=board.name,
        user=board.bmc.default_user,
        old_bmc=board.example.bmc[0],
        old_bios=board.example.bios[0],
    )
    entries = _entry(board, "bmc") + _entry(board, "bios")
    return head + entries + _FALLBACK_HEAD + _fallback(board, "bmc") + _fallback(board, "bios") + _TAIL


def _fallback(board: Board, kind: Kind) -> str:
    old = (board.example.bmc if kind == "bmc" else board.example.bios)[0]
    stem = _file_name(board, kind).rpartition(".")
    return _FALLBACK.format(kind=kind, file=f"{stem[0]}-{old}.{stem[2]}", old=old, zeros="0" * 64)


def _file_name(board: Board, kind: Kind) -> str:
    tool = (board.bmc.methods if kind == "bmc" else board.bios.methods)[0].tool
    return f"{_STEMS.get((kind, tool), kind.upper())}-{board.name.upper()}{board.extensions(kind)[0]}"


def _entry(board: Board, kind: Kind) -> str:
    methods: tuple[BmcMethod | BiosMethod, ...] = board.bmc.methods if kind == "bmc" else board.bios.methods
    old, new = board.example.bmc if kind == "bmc" else board.example.bios
    suffix = board.extensions(kind)[0]
    return _ENTRY.format(
        kind=kind,
        file=_file_name(board, kind),
        version=new,
        old=old,
        zeros="0" * 64,
        bios=_NEEDS.format(bmc=board.example.bmc[0]) if kind == "bios" else "",
        tools=", ".join(m.tool for m in methods),
        name=board.name,
        suffix=suffix,
    )
