"""The lab's file that `fwsim lab new` writes: commented, and one that works."""

from __future__ import annotations

TEXT = """\
# A lab. `fwsim lab check FILE` tries it: goals must be open before the solution and reached after it, and the gates
# must catch three ways to do it wrong. `fwsim lab start FILE` starts it.

title: A BMC update with a checksum to compare
level: everyday            # first steps | everyday | trouble | stress
minutes: 45                # of the server's time; an exam's limit
board: x11ssh-f            # `fwsim emulator list` names them
speed: 10                  # the server's seconds in one of ours: a wait should be felt, not endured

story: |
  Who needs it, and why tonight? Two or three sentences.
job: |
  What is to be done, and what must stay as it is. The vendor's files lie on the server in /srv/firmware.

# What the learner is to flash, and with what the BMC is flashed: the rubric's items follow from it.
flashes: [bmc]             # bmc, bios
tool: hpm                  # hpm | sum | racadm

# versions: {bmc: "3.80"}  # where the server starts; the board's own where left out
# server: {bios_settings: {sr-iov: Enabled}}
# faults:                  # `fwsim scenario faults` lists them
#   - {kind: lan-reverts-to-dhcp}
# cure: put-back           # the rung of the ladder that brings it back, where something breaks

# /srv/firmware. Checksums are written beside the images; `corrupt: true` damages one after that.
shelf:
  - {kind: bmc, version: "3.90"}
  - name: RELEASE-NOTES.txt
    text: |
      BMC 3.90 can be installed over 3.80 and newer.

hints:                     # in this order; each costs points
  - {text: The checksums lie beside the image., cost: 3}

# A goal asks about the end (state, kept) or about what was done (seen, before, ...: fwsim/labs/predicates.py).
goals:
  - id: new-version
    text: The BMC runs 3.90
    check: {state: {versions.bmc: "3.90"}}
    missing: the BMC does not run the wanted version

# Acts as a learner would do them. `shows` names the rubric's items that an act is for: without these acts, the item
# must not be met. Kinds of acts: host, lan, wait, until, repeat, web, ticket, hands.
solution:
  - say: Which board is this?
    host: dmidecode -t baseboard
    shows: [MODEL]
  - say: From which version may one come?
    host: cat /srv/firmware/RELEASE-NOTES.txt
    shows: [NOTES]
  - say: Are both feeds there?
    host: ipmitool sdr list
    shows: [POWER]
  - say: It may forget both.
    host: "ipmitool lan print 1 && ipmitool user list 1"
    shows: [BACKUP]
  - say: From the local disk.
    host: cp /srv/firmware/BMC_X11SSH-F_3.90.hpm /srv/firmware/SHA256SUMS /root/
  - say: Compare where it will be read from.
    host: "cd /root && sha256sum -c SHA256SUMS"
    shows: [HASH]
  - say: What runs against what it brings.
    host: ipmitool hpm check /root/BMC_X11SSH-F_3.90.hpm
    shows: [HPMCHK]
  - say: Write it, and touch nothing meanwhile.
    host: echo y | ipmitool hpm upgrade /root/BMC_X11SSH-F_3.90.hpm force
    shows: [LOCAL, NOINT]
  - say: The new image runs after a cold reset.
    host: ipmitool mc reset cold
    shows: [COLD]
  - say: It is dark for about two minutes.
    wait: 60
  - say: Wait until it answers from outside.
    until: {up: bmc}
    shows: [WAIT]
  - say: Read the version back.
    repeat: {host: ipmitool mc info, shows: "Revision +: 3.90"}
    shows: [MCINFO]
  - say: Leave nothing behind.
    host: rm /root/BMC_X11SSH-F_3.90.hpm /root/SHA256SUMS
    shows: [CLEAN]

debrief: |
  What is worth talking over: why compare a checksum on the server, and not on your own machine?
"""
