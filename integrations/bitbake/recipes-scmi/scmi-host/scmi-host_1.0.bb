SUMMARY = "The SCMI host of this product, checked before anything is built on it"
LICENSE = "MIT"

# In a product: the files of the host, as they lie beside the recipe or come from other sources.
SRC_URI = "file://host"
S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}/host"

inherit xenscmi

XENSCMI_HOST = "${S}/host.toml"
XENSCMI_OPTIONS = "--severity error"
