"""The endpoint a developer would otherwise write: one transaction per request.

FastAPI, the SQLAlchemy ORM, a row lock on the levels, check, insert, commit. It is written
with care (sorted locks, a pool that never reconnects, uvloop, httptools, no access log) and
does less than Onhand does: no token, no idempotency, no events, no hash chain.
"""

import argparse
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import Engine, ForeignKey, Select, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

# The best of 2, 4, 8, 15 and 40 when tried: more connections only fight over the interpreter.
CONNECTIONS = 15
HOLD = timedelta(minutes=30)


class Base(DeclarativeBase):
    """The naive tables."""


class Level(Base):
    """The running balance of one SKU."""

    __tablename__ = "naive_level"
    sku: Mapped[str] = mapped_column(primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int] = mapped_column(default=0)


class Reservation(Base):
    """Units held for one cart until `expires_at`."""

    __tablename__ = "naive_reservation"
    id: Mapped[int] = mapped_column(primary_key=True)
    cart_id: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    sku: Mapped[str] = mapped_column(ForeignKey("naive_level.sku"), index=True)
    quantity: Mapped[int]
    expires_at: Mapped[datetime]


class Line(BaseModel):
    """One line of a cart."""

    sku: Annotated[str, Field(min_length=1, max_length=100)]
    quantity: Annotated[int, Field(gt=0, le=1_000_000)]


class Cart(BaseModel):
    """The same body as Onhand's reserve call."""

    cart_id: Annotated[str, Field(min_length=1, max_length=100)]
    owner: Annotated[str, Field(min_length=1, max_length=100)]
    lines: Annotated[list[Line], Field(min_length=1, max_length=100)]


class Held(BaseModel):
    """The answer of the reserve call."""

    cart_id: str
    expires_at: datetime
    reservations: list[int]


def make_engine(url: str) -> Engine:
    """Return an engine whose SQLite connections lock and sync as carefully as PostgreSQL."""
    if not url.startswith("sqlite"):
        url = url.replace("postgresql://", "postgresql+psycopg://")
        return create_engine(url, pool_size=CONNECTIONS, max_overflow=0)
    engine = create_engine(url, pool_size=CONNECTIONS, max_overflow=0)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def locked_levels(skus: list[str]) -> Select[Level]:
    """Return the query that reads and locks the levels in one fixed order."""
    return select(Level).where(Level.sku.in_(skus)).order_by(Level.sku).with_for_update()


def make_app(engine: Engine) -> FastAPI:
    """Return the application on an engine."""
    app = FastAPI()
    sessions = sessionmaker(engine)

    @app.post("/reserve", status_code=201)
    def reserve(cart: Cart) -> Held:
        expires_at = datetime.now(UTC) + HOLD
        with sessions.begin() as session:
            reservations = hold(session, cart, expires_at)
            session.flush()
            ids = [reservation.id for reservation in reservations]
        return Held(cart_id=cart.cart_id, expires_at=expires_at, reservations=ids)

    return app


def hold(session: Session, cart: Cart, expires_at: datetime) -> list[Reservation]:
    """Hold every line of a cart in the session's transaction; raises HTTPException 404, 409."""
    skus = [line.sku for line in cart.lines]
    levels = {level.sku: level for level in session.scalars(locked_levels(skus))}
    reservations = []
    for line in cart.lines:
        level = levels.get(line.sku)
        if level is None:
            raise HTTPException(404, f"unknown SKU {line.sku}")
        if level.on_hand - level.reserved < line.quantity:
            raise HTTPException(409, f"only {level.on_hand - level.reserved} of {line.sku} left")
        level.reserved += line.quantity
        reservations.append(
            Reservation(
                cart_id=cart.cart_id,
                owner=cart.owner,
                sku=line.sku,
                quantity=line.quantity,
                expires_at=expires_at,
            )
        )
    session.add_all(reservations)
    return reservations


def prepare(url: str, skus: list[str], units: int) -> None:
    """Create the tables and put `units` of every SKU on hand."""
    engine = make_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all(Level(sku=sku, on_hand=units) for sku in skus)
    engine.dispose()


def main() -> None:
    """Serve the naive endpoint on loopback."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.naive", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    app = make_app(make_engine(arguments.url))
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=arguments.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
