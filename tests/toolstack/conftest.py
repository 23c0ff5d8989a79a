from tests.model.conftest import bench, boot_folder, xl_host

__all__ = ["bench", "boot_folder", "xl_host"]
