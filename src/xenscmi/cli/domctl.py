"""Show the createdomain hypercall of a domain as JSON, or decode its bytes.

The file is an xl.cfg file, or libxl's JSON of a configuration (as `xl -N create` prints it, or from /var/lib/xen).
The defaults are libxl's on Arm. A configuration that libxl refuses is refused here, with libxl's exit code.

A profile is the layout of one Xen. Several have the same interface version. See `xenscmi profiles`.

exit codes: 0; 1, 3 and 6 as for `xenscmi create`; also 1 if the profile has no place for a value; 2 for bad arguments
or bytes

examples:
  xenscmi domctl guest.cfg
  xenscmi domctl guest.cfg 'memory=256' --profile 4.21
  xenscmi domctl --decode 0c00000000112233…
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import read_source, read_text, show, split_arguments, write
from xenscmi.config.defaults import setdefault
from xenscmi.config.errors import EXIT_FAILURE, ConfigError
from xenscmi.config.json import from_json
from xenscmi.config.parse import parse_xlcfg
from xenscmi.config.parsed import Parsed
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.domctl.createdomain import (
    FLAGS,
    DomctlError,
    decode,
    decode_domctl,
    encode,
    encode_domctl,
    flag_names,
    from_config,
    read_fields,
)
from xenscmi.domctl.profiles import DEFAULT_PROFILE, DOMCTL_HEADER_SIZE, DOMCTL_UNION_SIZE, PROFILES, find_profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.domctl.createdomain import CreateDomain
    from xenscmi.domctl.profiles import Profile

_EXIT_USAGE = 2


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--profile",
        metavar="NAME",
        type=_profile,
        default=DEFAULT_PROFILE,
        help="choose a layout that `xenscmi profiles` lists, with or without a point release (default: %(default)s)",
    )
    parser.add_argument(
        "--decode",
        metavar="HEX",
        help="decode these bytes: createdomain, or a whole xen_domctl; - reads them from standard input",
    )
    parser.add_argument(
        "--full", action="store_true", help="show the whole xen_domctl: a header of 16 bytes, a union of 128"
    )
    parser.add_argument(
        "arguments",
        nargs="*",
        metavar="FILE | KEY=VALUE",
        help="name one file (- is standard input), and settings to append to it",
    )


def _profile(name: str) -> Profile:
    """Return the profile with a name. Raises ArgumentTypeError if there is none."""
    profile = find_profile(name)
    if profile is None:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"there is no profile `{name}'; profiles are {', '.join(PROFILES)}")
    return profile


def run(arguments: Namespace) -> int:
    """Run the command."""
    profile: Profile = arguments.profile
    files, settings = split_arguments(arguments.arguments)
    if (arguments.decode is None) != (len(files) == 1):
        print(
            "xenscmi domctl: error: name one file, or give bytes with --decode; see xenscmi domctl --help",
            file=sys.stderr,
        )
        return _EXIT_USAGE
    name = files[0] if files else "xenscmi domctl"
    parsed: Parsed | None = None
    try:
        if arguments.decode is not None:
            domain = _decoded(arguments.decode, profile)
        else:
            parsed = _read(files[0], settings)
            domain = _domain_of(parsed, files[0])
        data = encode_domctl(domain, profile) if arguments.full else encode(domain, profile)
    except ConfigError as error:
        show(error.diagnostics, name)
        return error.exit_code
    except DomctlError as error:
        show(_placed(error, parsed), name)
        return EXIT_FAILURE if files else _EXIT_USAGE
    except XenscmiError as error:  # standard input that is not a text
        show(error.diagnostics, name)
        return _EXIT_USAGE
    write(_document(profile, data))
    return 0


def _read(file: str, settings: list[str]) -> Parsed:
    """Return the configuration of an xl.cfg file or of libxl's JSON. Raises ConfigError."""
    source = read_source(file, settings)
    is_json = source.text.lstrip().startswith(("{", "["))  # an xl.cfg file cannot begin with either
    if is_json and settings:
        message = f"{settings[0]}: settings can be added to an xl.cfg file, not to JSON"
        raise ConfigError([Diagnostic(message=message, help="edit the JSON instead")], EXIT_FAILURE)
    return Parsed(config=from_json(source)) if is_json else parse_xlcfg(source)


def _domain_of(parsed: Parsed, file: str) -> CreateDomain:
    """Return what libxl tells Xen about a configuration, and show the warnings. Raises ConfigError."""
    show(parsed.diagnostics, file)
    complete, warnings = setdefault(parsed)
    show(warnings, file)
    return from_config(complete)


def _placed(error: DomctlError, parsed: Parsed | None) -> tuple[Diagnostic, ...]:
    """Return an error's diagnostics with the place of the field that does not fit."""
    span = parsed.place(error.field) if parsed else None
    return tuple(one.replace(span=span) for one in error.diagnostics)


def _decoded(text: str, profile: Profile) -> CreateDomain:
    from string import hexdigits

    if text == "-":
        text = read_text(text).text
    digits = "".join(text.split()).removeprefix("0x").replace(":", "")
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        odd = len(digits) % 2 and set(digits) <= set(hexdigits)
        message = f"there is an odd number of digits: {len(digits)}" if odd else f"`{text[:40]}' is not hexadecimal"
        raise DomctlError(message, "write two hexadecimal digits for each byte; spaces are allowed") from None
    whole = len(data) == DOMCTL_HEADER_SIZE + DOMCTL_UNION_SIZE
    return decode_domctl(data, profile) if whole else decode(data, profile)


def _document(profile: Profile, data: bytes) -> str:
    """Return the JSON document; `size` is that of createdomain, `hex` may be the whole xen_domctl."""
    import json

    createdomain = data if len(data) == profile.size else data[DOMCTL_HEADER_SIZE:][: profile.size]
    found = read_fields(createdomain, profile)
    fields: dict[str, object] = {}
    for path, value in found.items():
        group, _, name = path.rpartition(".")
        target = fields.setdefault(group, {}) if group else fields
        assert isinstance(target, dict)
        target[name] = value.hex() if isinstance(value, bytes) else value
    flags = found["flags"]
    assert isinstance(flags, int)
    document = {
        "profile": profile.name,
        "interface_version": profile.interface_version,
        "size": profile.size,
        "hex": data.hex(),
        "fields": fields,
        "flags": [*flag_names(flags), *(f"{1 << bit:#x}" for bit in range(len(FLAGS), 32) if flags >> bit & 1)],
    }
    return json.dumps(document, indent=2)
