# SPDX-License-Identifier: Apache-2.0
"""SQLAlchemy over psycopg2: core, ORM, reflection, pool. Argument: a table of its own."""
import sys

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session, declarative_base, relationship, selectinload

table = sys.argv[1]
engine = sa.create_engine("postgresql+psycopg2://", future=True, pool_size=2, pool_pre_ping=True)
Base = declarative_base()


class Parent(Base):
    __tablename__ = table
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(40), nullable=False, unique=True)
    document = sa.Column(JSONB)
    children = relationship("Child", back_populates="parent", cascade="all, delete-orphan", order_by="Child.id")


class Child(Base):
    __tablename__ = table + "_child"
    id = sa.Column(sa.Integer, primary_key=True)
    parent_id = sa.Column(sa.ForeignKey(Parent.id), nullable=False, index=True)
    price = sa.Column(sa.Numeric(10, 2))
    parent = relationship(Parent, back_populates="children")


print("dialect", engine.connect().dialect.server_version_info)
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Parent(name=f"p{i}", document={"n": i}, children=[Child(price=j / 4) for j in range(i)]) for i in range(1, 6)])
    session.commit()
    parents = session.scalars(sa.select(Parent).options(selectinload(Parent.children)).order_by(Parent.id)).all()
    print("orm", [(p.id, p.name, p.document, [c.price for c in p.children]) for p in parents])
    parents[0].name = "changed"
    session.delete(parents[1])
    session.flush()
    try:
        with session.begin_nested():
            session.add(Parent(name="p5"))
            session.flush()
    except sa.exc.IntegrityError as error:
        print("nested", error.orig.pgcode, error.orig.diag.constraint_name)
    session.commit()
    print("after", session.execute(sa.select(Parent.name, sa.func.count(Child.id)).outerjoin(Child).group_by(Parent.name)
                                   .order_by(Parent.name)).all())
with engine.begin() as connection:
    upsert = insert(Parent).values(name="p3", document={"n": 33})
    upsert = upsert.on_conflict_do_update(index_elements=["name"], set_={"document": upsert.excluded.document})
    print("upsert", connection.execute(upsert.returning(Parent.id, Parent.document)).all())
with engine.connect().execution_options(stream_results=True, max_row_buffer=50) as connection:
    print("streamed", sum(row[0] for row in connection.execute(sa.text("SELECT generate_series(1, 5000)"))))
inspector = sa.inspect(engine)
print("reflected", [(column["name"], str(column["type"])) for column in inspector.get_columns(table)],
      inspector.get_foreign_keys(table + "_child"), inspector.get_indexes(table + "_child"),
      inspector.get_unique_constraints(table), inspector.has_table(table))
Base.metadata.drop_all(engine)
engine.dispose()
