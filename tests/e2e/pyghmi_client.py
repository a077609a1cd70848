"""pyghmi's own client, one command a process: it keeps sessions in its class and never lets go of a dead one."""

from __future__ import annotations

import os
import sys
from typing import Any

from pyghmi.ipmi.command import Command


def ask(command: Any, name: str, *words: str) -> Any:
    """Call the method of that name; what needs more than words stands here."""
    match name:
        case "raw_command":
            netfn, number, *data = (int(word, 0) for word in words)
            return command.raw_command(netfn, number, data=data)
        case "get_sensor_data" | "get_inventory" | "get_event_log":
            return [str(item) for item in getattr(command, name)()]
        case "clear_event_log":
            return list(command.get_event_log(clear=True))
        case "set_identify":
            return command.set_identify(duration=int(words[0]))
        case "set_net_configuration":
            return command.set_net_configuration(ipv4_gateway="127.0.0.254")
        case "set_user_name":
            return command.set_user_name(int(words[0]), words[1])
        case "get_channel_info":
            return command.get_channel_info(int(words[0]))
    return getattr(command, name)(*words)


def main() -> int:
    """Print what the method returns, with sensors by name."""
    host, port, user, name, *words = sys.argv[1:]
    command = Command(bmc=host, port=int(port), userid=user, password=os.environ["IPMI_PASSWORD"])
    print(ask(command, name, *words))
    command.ipmi_session.logout()
    sys.stdout.flush()
    os._exit(0)  # its threads wait for nobody


if __name__ == "__main__":
    sys.exit(main())
