"""The account that owns a cloud, and where it lies."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """`appid` ends every bucket's name, `uin` owns every object and function, `region` is where they are."""

    appid: str
    uin: str
    region: str

    @property
    def owner(self) -> str:
        """The account as COS names an owner."""
        return f"qcs::cam::uin/{self.uin}:uin/{self.uin}"
