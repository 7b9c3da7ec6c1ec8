"""Tables out of a database, through SQLAlchemy."""

from __future__ import annotations

import difflib
from typing import Any

from fewrec.data.frames import encoded
from fewrec.data.table import Table, table_of
from fewrec.errors import DataError


def read_sql(url: Any, sources: dict[str, Any]) -> dict[str, list[Table]]:
    """``{"items": [Table, ...], ...}`` for the sources that are given.

    ``url``: what SQLAlchemy connects to ("sqlite:///shop.db", "postgresql://..."), or one of its engines. A
    source is the name of a table or view, a SELECT query, or a list of these. Nothing is ever written.
    Messages never show the password of ``url``.
    """
    try:
        import sqlalchemy
    except ImportError:
        raise DataError(
            "reading a database needs SQLAlchemy, which is not installed.",
            where="Dataset.from_sql",
            hint='Install it: pip install "fewrec[sql]"',
        ) from None
    try:
        engine = url if isinstance(url, sqlalchemy.Engine) else sqlalchemy.create_engine(url)
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        raise DataError(
            f"the database address cannot be used ({_reason(error)}).",
            where="Dataset.from_sql",
            hint='An address looks like "sqlite:///shop.db" or "postgresql://user:password@host/shop"; '
            "some databases need their driver installed.",
        ) from None
    try:
        with engine.connect() as connection:
            return {
                name: [_read(sqlalchemy, connection, name, source) for source in _listed(wanted)]
                for name, wanted in sources.items()
                if wanted is not None
            }
    except sqlalchemy.exc.SQLAlchemyError as error:
        shown = engine.url.render_as_string(hide_password=True)
        raise DataError(f"the database does not answer ({_reason(error)}).", where=shown) from None
    finally:
        if engine is not url:
            engine.dispose()


def _listed(source: Any) -> list[str]:
    return list(source) if isinstance(source, list | tuple) else [source]


def _read(sqlalchemy: Any, connection: Any, name: str, source: str) -> Table:
    if not isinstance(source, str) or not source.strip():
        raise DataError(
            f"{source!r} is neither a table nor a query.",
            where=name,
            value=source,
            hint='Such as items="products".',
        )
    if len(source.split()) > 1:
        label = f"{name} query"
        try:
            result = connection.execute(sqlalchemy.text(source))
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise DataError(f"the query fails ({_reason(error)}).", where=label, value=source) from None
        if not result.returns_rows:
            raise DataError("the query gives no rows.", where=label, value=source, hint="Give a SELECT.")
    else:
        label = source
        schema, _, table = source.rpartition(".")
        inspector = sqlalchemy.inspect(connection)
        known = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        if table not in known:
            near = difflib.get_close_matches(table, known, 3, 0.4) or known[:10]
            raise DataError(
                f'there is no table "{source}" in the database.',
                where=name,
                value=source,
                hint="Nearest: " + ", ".join(near) + "." if near else "The database has no tables.",
            )
        quoted = sqlalchemy.table(table, schema=schema or None)
        result = connection.execute(sqlalchemy.select(sqlalchemy.text("*")).select_from(quoted))
    keys = list(result.keys())
    rows = result.fetchall()
    cells = zip(*rows, strict=True) if rows else [() for _ in keys]
    columns = {key: encoded(label, key, list(column)) for key, column in zip(keys, cells, strict=True)}
    return table_of(name, columns, label=label)


def _reason(error: Exception) -> str:
    original = getattr(error, "orig", None)
    return str(original or error).splitlines()[0]
