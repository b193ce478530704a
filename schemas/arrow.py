"""Arrow schemas derived from the record types, so that Parquet holds the same data as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa

from claimwire.schemas.records import Record


def arrow_schema(kind: type[Record]) -> pa.Schema:
    """The Arrow schema of a record type. Times are microseconds in UTC, spans are lists of two int32.

    Raises:
        TypeError: A field has a type without an Arrow equivalent.
    """
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101 - records are structs
    return pa.schema([_field(field) for field in info.fields])


def _field(field: msgspec.inspect.Field) -> pa.Field:
    kind, nullable = _split_null(field.type)
    return pa.field(field.encode_name, _arrow_type(kind), nullable=nullable)


def _split_null(kind: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, bool]:
    if not isinstance(kind, msgspec.inspect.UnionType):
        return kind, False
    (rest,) = (one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType))
    return rest, True


_SCALARS = {
    msgspec.inspect.StrType: pa.string(),
    msgspec.inspect.FloatType: pa.float64(),
    msgspec.inspect.BoolType: pa.bool_(),
    msgspec.inspect.LiteralType: pa.string(),
    msgspec.inspect.DateTimeType: pa.timestamp("us", tz="UTC"),
}
_LARGEST_INT32 = (1 << 31) - 1


def _arrow_type(kind: msgspec.inspect.Type) -> Any:
    if type(kind) in _SCALARS:
        return _SCALARS[type(kind)]
    if isinstance(kind, msgspec.inspect.IntType):
        return pa.int64() if (kind.le or 0) > _LARGEST_INT32 else pa.int32()
    if isinstance(kind, msgspec.inspect.StructType):
        return pa.struct([_field(field) for field in kind.fields])
    if isinstance(kind, msgspec.inspect.VarTupleType):
        return pa.list_(_arrow_type(kind.item_type))
    if isinstance(kind, msgspec.inspect.TupleType):
        return pa.list_(_arrow_type(kind.item_types[0]))
    raise TypeError(f"no Arrow type for {kind}")
