"""`ipmitool hpm upgrade`, `check FILE` and `compare`: validate, prepare, upload, activate."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulators.host.commands.ipmitool import hpm_actions, hpm_target
from emulators.host.commands.ipmitool.hpm_image import BACKUP, PREPARE, UPLOAD, Action, BadImage, Image
from emulators.host.commands.ipmitool.hpm_link import (
    AUTO_ROLLBACK_BIT,
    SELF_TEST_BIT,
    SERVICE_AFFECTED_BIT,
    UNDESIRABLE_BIT,
    Context,
    Link,
)
from emulators.host.commands.ipmitool.hpm_prompt import ask
from emulators.host.commands.ipmitool.hpm_target import Component
from emulators.host.commands.ipmitool.hpm_upload import Progress, Upload
from emulators.host.process import Run

UPGRADE_ACTION, COMPARE_ACTION = 2, 3
BLOCK_HEADER = 2  # PICMG id and block number
TABLE_HEAD = (
    "",
    "-" * 79,
    "|ID  | Name        |                     Versions                        | %  |",
    "|    |             |      Active     |      Backup     |      File       |    |",
    "|----|-------------|-----------------|-----------------|-----------------|----|",
)
SERVICE_PROMPT = "\nServices may be affected during upgrade. Do you wish to continue? (y/n): "
IDENTITY_PROMPT = "\n Continue ignoring DeviceID/ProductID/ManufacturingID (Y/N): "
EARLIEST_PROMPT = "\n Continue IGNORING Earliest compatibility (Y/N): "


@dataclass
class Upgrade:
    """One file on its way into the target. `wanted` is a component mask, 0 for all."""

    link: Link
    components: dict[int, Component]
    force: bool = False
    view: bool = False
    compare: bool = False
    activate: bool = False
    wanted: int = 0
    context: Context = field(default_factory=Context)
    general: dict[int, int] = field(default_factory=dict)
    chosen: int = 0
    last: int = 0

    def run(self, name: str | None) -> Run[bool]:
        done = self._load(name) and (yield from self._stages())
        tool = self.link.tool
        if self.view:
            tool.notice(" ")
        elif self.compare:
            tool.notice("\nFirmware comparison procedure complete\n" if done else FAILED_COMPARISON)
        else:
            tool.notice("\nFirmware upgrade procedure successful\n" if done else FAILED_UPGRADE)
        return done

    @property
    def image(self) -> Image:
        assert self.context.image is not None  # _load() came first
        return self.context.image

    def _load(self, name: str | None) -> bool:
        tool = self.link.tool
        data = tool.read_file(name) if name is not None else None
        if data is None:
            tool.log(f"Cannot open image file '{name or '(null)'}'")
            return False
        self.context.image = Image(data)
        return True

    def _stages(self) -> Run[bool]:
        tool = self.link.tool
        tool.out("Validating firmware image integrity...")
        tool.flush()
        try:
            self.image.check()
        except BadImage as bad:
            tool.notice(str(bad))
            return False
        tool.line("OK")
        tool.out("Performing preparation stage...")
        tool.flush()
        if not (yield from self._prepare()):
            return False
        tool.line("OK")
        tool.flush()
        tool.notice(self._stage_title())
        if not self._choose():
            return False
        if self.view:
            return True
        if self.link.verbose:
            tool.line(f"Component update mask : 0x{self.chosen:02x}")
        if not (yield from self._upload_stage()):
            return False
        return (yield from self._activation_stage()) if self.activate else True

    def _stage_title(self) -> str:
        if self.view:
            return "\nComparing Target & Image File version"
        return "\nPerforming upload for compare stage:" if self.compare else "\nPerforming upgrade stage:"

    # -- preparation

    def _prepare(self) -> Run[bool]:
        link = self.link
        device = yield from link.device_id()
        if device is None:
            return False
        if not (yield from self._identity(device)) or not (yield from self._earliest(device)):
            return False
        capabilities = yield from link.capabilities()
        if capabilities is None:
            return False
        self.context.capabilities = capabilities
        if not self.view and not (yield from self._allowed()):
            return False
        done = True
        for number in range(8):
            if self.image.components & 1 << number:
                data = yield from hpm_target.properties(link, number, hpm_target.GENERAL)
                done = data is not None
                self.general[number] = data[0] if data else 0
        return done

    def _identity(self, device: bytes) -> Run[bool]:
        image, tool = self.image, self.link.tool
        if image.device_id != device[0]:
            text = f"Invalid device ID {device[0]:x}"
        elif image.product != device[9:11]:
            text = f"Invalid image file for product {int.from_bytes(device[9:11], 'little')}"
        elif image.manufacturer != device[6:9]:
            text = f"Invalid image file for manufacturer {int.from_bytes(device[6:8], 'little')}"
        else:
            return True
        tool.notice(f"\n    {text}")
        if not (self.force or self.view):
            tool.out('\n\n Use "force" option for copying all the components\n')
            return False
        for title, fields in (
            ("Image", (image.device_id, image.product, image.manufacturer)),
            ("Board", (device[0], device[9:11], device[6:9])),
        ):
            tool.out(f"\n    {title} Information\n        Device Id : 0x{fields[0]:x}")
            tool.out(f"\n        Prod   Id : 0x{fields[1][::-1].hex()}\n        Manuf  Id : 0x{fields[2][::-1].hex()}")
        return (yield from ask(tool, IDENTITY_PROMPT))

    def _earliest(self, device: bytes) -> Run[bool]:
        tool, earliest, running = self.link.tool, self.image.earliest, (device[2], device[3])
        if earliest <= running:
            return True
        tool.notice(f"\n    Version: Major: {earliest[0]}")
        tool.notice(f"             Minor: {earliest[1]:x}")
        tool.notice("    Not compatible with ")
        tool.notice(f"    Version: Major: {running[0]}")
        tool.notice(f"             Minor: {running[1]:x}")
        if not (self.force or self.view):
            return False
        return (yield from ask(tool, EARLIEST_PROMPT))

    def _allowed(self) -> Run[bool]:
        image, capabilities, tool = self.image, self.context.capabilities, self.link.tool
        if image.components & ~capabilities.components:
            tool.notice("\n    Some components present in the image file are not supported by the IPMC")
            return False
        if capabilities.has(UNDESIRABLE_BIT):
            tool.notice("\n    Upgrade undesirable at this moment")
            return False
        if not self.compare and (capabilities.has(SERVICE_AFFECTED_BIT) or image.service_affected):
            return (yield from ask(tool, SERVICE_PROMPT))
        return True

    # -- which components

    def _choose(self) -> bool:
        """Check every action record and choose the components to upload."""
        tool = self.link.tool
        if self.view:
            hpm_target.header(tool, "File")
        try:
            at = self.image.header_length
            while at < self.image.end:
                action, at = self.image.action(at)
                self._check(action)
        except BadImage as bad:
            tool.notice(str(bad))
            return False
        if self.view:
            tool.line("-" * 74)
            tool.flush()
            tool.notice("(*) Component requires Payload Cold Reset")
            tool.notice("(^) Indicates component would be upgraded")
        return True

    def _check(self, action: Action) -> None:
        if action.mask and not self.context.capabilities.components:
            raise BadImage("    Invalid action record. One or more affected components is not supported")
        if action.kind == UPLOAD:
            self._choose_component(action)
        elif action.kind in (BACKUP, PREPARE):
            bits, name = (0x03, "backup") if action.kind == BACKUP else (0x04, "preparation")
            for number in range(8):
                if action.mask & 1 << number and not self.general.get(number, 0) & bits:
                    raise BadImage(f"    Component ID {number} does not support {name}")
        else:
            raise BadImage("    Invalid Action type. Cannot continue")

    def _component(self, number: int) -> Component:
        return self.components.setdefault(number, Component(0))

    def _choose_component(self, action: Action) -> None:
        tool, component = self.link.tool, self._component(action.component)
        component.file = action.version
        upgrade = not self.wanted or bool(self.wanted & action.mask)
        if upgrade and not (self.force or self.compare):
            upgrade = component.upgradable
        if self.link.verbose:
            tool.notice(f"{'Updating' if upgrade else 'Skipping'} component {action.component}")
        if upgrade:
            self.chosen |= 1 << action.component
        if self.view:
            tool.line(hpm_target.row(component, file=True, upgrade=upgrade))

    # -- upload

    def _upload_stage(self) -> Run[bool]:
        tool = self.link.tool
        for line in TABLE_HEAD:
            tool.line(line)
        at, done = self.image.header_length, True
        while at < self.image.end and done:
            action, at = self.image.action(at)
            if action.kind == UPLOAD:
                done = yield from self._upload(action)
            elif not self.compare and self.chosen & action.mask:
                done = yield from hpm_actions.initiate(self.link, self.chosen & action.mask, action.kind, self.context)
        tool.line("-" * 79)
        tool.flush()
        tool.notice("(*) Component requires Payload Cold Reset")
        return done

    def _upload(self, action: Action) -> Run[bool]:
        link, tool = self.link, self.link.tool
        self.last = action.component
        tool.out(hpm_target.row(self._component(action.component), file=True))
        if not self.chosen & 1 << action.component:
            return self._skip(action, failed=False)
        if link.verbose:
            tool.notice(f"Do not skip {action.component}")
        progress = Progress(tool)
        progress.show(0, 1, 0)
        what = COMPARE_ACTION if self.compare else UPGRADE_ACTION
        if not (yield from hpm_actions.initiate(link, action.mask, what, self.context)):
            return self._skip(action, failed=True)
        upload = Upload(link, self.context, action, tool.max_request - BLOCK_HEADER)
        if not (yield from upload.run(progress)):
            return False
        return (yield from hpm_actions.finish(link, action.component, upload.sent, self.context, compare=self.compare))

    def _skip(self, action: Action, *, failed: bool) -> bool:
        tool = self.link.tool
        tool.line("Skip|")
        if self.compare and not self.general.get(action.component, 0) & 0x08:
            tool.line(f"|    |{'Comparison isn' + chr(39) + 't supported for given component.':<72}|")
        return not failed

    # -- activation

    def _activation_stage(self) -> Run[bool]:
        tool = self.link.tool
        if not self.chosen:
            tool.notice("No components updated. Skipping activation stage.\n")
            return True
        tool.notice("Performing activation stage: ")
        tool.out("    ")
        tool.flush()
        done = yield from hpm_actions.activate(self.link, self.context)
        if done and (self.context.capabilities.has(SELF_TEST_BIT) or self.image.self_test):
            done = yield from self._self_test()
        rollback = self.general.get(self.last, 0) & 0x03
        if not done and self.context.capabilities.has(AUTO_ROLLBACK_BIT) and rollback:
            tool.notice("    Getting rollback status...")
            tool.flush()
            done = yield from hpm_actions.rollback_status(self.link, self.context)
        return done

    def _self_test(self) -> Run[bool]:
        tool = self.link.tool
        results = yield from hpm_actions.self_test_result(self.link, self.context)
        if results is None:
            tool.notice("    Self test failed.")
            return False
        if results[0] == 0x55:
            return True
        tool.notice("    Self test failed:")
        tool.notice(f"    Result1 = {results[0]:x}")
        tool.notice(f"    Result2 = {results[1]:x}")
        return False


FAILED_COMPARISON = "Firmware comparison procedure failed\n"
FAILED_UPGRADE = "Firmware upgrade procedure failed\n"
