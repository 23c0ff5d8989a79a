"""The domain's features and quotas in Xenstore."""

from __future__ import annotations

from xenscmi.config.options.table import Build, custom, number
from xenscmi.xlcfg.numbers import strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.config.options.text import Text


@custom("xenstore_quota", "list of `NAME=NUMBER`", "b_info.xenstore_quota", "Xenstore quotas of the domain, by name.")
def _quota(build: Build) -> None:
    found = build.reader.list_value("xenstore_quota")
    if found is None:
        return
    items = list(build.strings("xenstore_quota") or ())
    quota = [_item(build, item) for item in items]
    if len(items) < len(found.items):
        message = f"xl: Can't get element {len(items)} in Xenstore quota list"
        build.fail(message, found.items[len(items)].span, "write it as a string")
    build.set_items("b_info.xenstore_quota.quota", quota, found.span, found.items)


def _item(build: Build, item: Text) -> dict[str, object]:
    parts = item.split("=")
    if parts is None:
        message = f'Quota specification "{item.text}" lacks "=".'
        build.fail(message, item.span, "write it as NAME=NUMBER")
    name, text = parts
    value, end, saturated = strtoul(text.text, 0)
    if saturated or not text.text or end < len(text.text) or value >> 32:
        message = f'Quota specification "{item.text}" uses illegal value "{text.text}".'
        build.fail(message, text.span if text.text else item.span, "write a number of at most 32 bits")
    return {"name": name.text, "val": value}


OPTIONS = (
    number("xenstore_feature_mask", "b_info.xenstore_feature_mask", "Xenstore features that the domain may see."),
    _quota,
)
