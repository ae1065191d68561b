"""Which file a service opens, what volfix makes of it, and the value for its new place.

A row is `reader | value | working directory | mounts | path | verdict | new value`. Its source is what
knowledge/readers.toml says of the reader: the library that was run, or its documentation.
"""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec

SQLALCHEMY = version("sqlalchemy") if find_spec("sqlalchemy") else "2.1.9"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
READERS: dict[str, dict[str, str]] = {
    "sqlalchemy": {"requirements.txt": f"sqlalchemy=={SQLALCHEMY}\n"},
    "sqlalchemy 2.0": {"requirements.txt": "sqlalchemy==2.0.36\n"},
    "sqlmodel": {"pyproject.toml": f'dependencies = ["sqlmodel", "sqlalchemy=={SQLALCHEMY}"]\n'},
    "dj-database-url": {"requirements.txt": "dj-database-url==3.0.1\n"},
    "django-environ": {"requirements.txt": "django-environ==0.14.0\n"},
    "peewee": {"requirements.txt": "peewee==3.17\n"},
    "tortoise": {"requirements.txt": "tortoise-orm==1.1.9\n"},
    "databases": {"requirements.txt": "databases==0.9\n"},
    "flask-sqlalchemy": {"requirements.txt": "flask-sqlalchemy==3.1.1\n", "app.py": FLASK},
    "flask-sqlalchemy 2": {"requirements.txt": "flask-sqlalchemy==2.5.1\n", "app.py": FLASK},
    "sqlx": {"Cargo.toml": '[dependencies]\nsqlx = "0.8"\n'},
    "diesel": {"Cargo.toml": '[dependencies]\ndiesel = "2.2"\n'},
    "rusqlite": {"Cargo.toml": '[dependencies]\nrusqlite = "0.32"\n'},
    "sequelize": {"package.json": '{"dependencies": {"sequelize": "6.37.8"}}'},
    "better-sqlite3": {"package.json": '{"dependencies": {"better-sqlite3": "12.11.0"}}'},
    "prisma 6": {"package.json": '{"dependencies": {"prisma": "6.1.0"}}', "prisma/schema.prisma": ""},
    "prisma 7": {"package.json": '{"dependencies": {"prisma": "7.10.0"}}', "prisma/schema.prisma": ""},
    "libsql": {"package.json": '{"dependencies": {"@libsql/client": "0.14.0"}}'},
    "go": {"go.mod": "module x\nrequire modernc.org/sqlite v1.29.0\n"},
    "rails": {"Gemfile": "gem 'rails', '~> 8.0'\n", "config/application.rb": ""},
    "laravel": {"composer.json": '{"require": {"laravel/framework": "^11.0"}}'},
    "doctrine": {"composer.json": '{"require": {"doctrine/orm": "^3"}}'},
    "ecto": {"mix.exs": '{:ecto_sqlite3, "~> 0.17"}'},
    "ef core": {"App.csproj": '<PackageReference Include="Microsoft.EntityFrameworkCore.Sqlite" Version="8.0" />'},
    "jdbc": {"pom.xml": "<artifactId>sqlite-jdbc</artifactId>"},
    "unknown": {},
}
RELATIVE_OF_THREE = (
    "sqlalchemy",
    "sqlalchemy 2.0",
    "sqlmodel",
    "dj-database-url",
    "django-environ",
    "peewee",
    "databases",
)
ABSOLUTE_OF_THREE = ("tortoise", "sqlx", "diesel", "sequelize")

THREE_RELATIVE = """
sqlite:///app.db                | /app     | /app/data | /app/app.db          | moved  | sqlite:///data/app.db
sqlite:///./app.db              | /app     | /app/data | /app/app.db          | moved  | sqlite:///./data/app.db
sqlite:///data/app.db           | /app     | /app/data | /app/data/app.db     | inside |
sqlite:////app/data/app.db      | /app     | /app/data | /app/data/app.db     | inside |
sqlite:///data/app.db           | /app     | /data     | /app/data/app.db     | trap   | sqlite:////data/app.db
sqlite:////data/app.db          | /app     | /app/data | /data/app.db         | trap   | sqlite:///data/app.db
sqlite:////srv/app.db?timeout=9 | /app     | /data     | /srv/app.db          | moved  | sqlite:////data/app.db?timeout=9
sqlite:///app.db                | /srv/web | /data     | /srv/web/app.db      | moved  | sqlite:////data/app.db
sqlite:///data/app.db           | /        | /data     | /data/app.db         | inside |
"""
THREE_ABSOLUTE = """
sqlite://app.db                 | /app     | /app/data | /app/app.db          | moved  | sqlite://data/app.db
sqlite://./app.db               | /app     | /app/data | /app/app.db          | moved  | sqlite://./data/app.db
sqlite:///app/data/app.db       | /app     | /app/data | /app/data/app.db     | inside |
sqlite://data/app.db            | /app     | /app/data | /app/data/app.db     | inside |
sqlite:///data/app.db           | /app     | /app/data | /data/app.db         | trap   | sqlite://data/app.db
sqlite://data/app.db            | /app     | /data     | /app/data/app.db     | trap   | sqlite:///data/app.db
sqlite:///srv/app.db?mode=rwc   | /srv/web | /data     | /srv/app.db          | moved  | sqlite:///data/app.db?mode=rwc
"""
OTHERS = """
sqlalchemy         | sqlite+aiosqlite:///app.db               | /app | /app/data | /app/app.db | moved | sqlite+aiosqlite:///data/app.db
sqlalchemy         | sqlite+pysqlite:////x/app.db             | /app | /app/data | /x/app.db | moved | sqlite+pysqlite:////app/data/app.db
sqlalchemy         | sqlite://///srv/app.db                   | /app | /app/data | /srv/app.db | moved | sqlite:////app/data/app.db
sqlalchemy         | sqlite://///app/data/app.db              | /app | /app/data | /app/data/app.db | inside |
sqlalchemy         | sqlite:///file:app.db?mode=rwc&uri=true  | /app | /app/data | /app/app.db | moved | sqlite:///file:data/app.db?mode=rwc&uri=true
sqlalchemy         | sqlite:///file:/x/app.db?uri=true        | /app | /app/data | /x/app.db | moved | sqlite:///file:/app/data/app.db?uri=true
sqlalchemy         | sqlite:///../app.db                      | /srv/web | /srv/web/db | /srv/app.db | moved | sqlite:///db/app.db
sqlalchemy         | sqlite:///app.db                         | /app | - | /app/app.db | own volume | sqlite:///data/app.db
sqlalchemy         | sqlite:////srv/rows/app.db               | /app | - | /srv/rows/app.db | own volume |
sqlalchemy         | sqlite:////usr/bin/app.db                | /app | /app/data,/app/storage | /usr/bin/app.db | unsure |
sqlalchemy         | sqlite:///app.db                         | /app | /app/data,/app/storage | /app/app.db | unsure |
sqlalchemy         | sqlite://data/app.db                     | /app | /app/data | - | unsure |
sqlalchemy         | sqlite:///C:/data/app.db                 | /app | /app/data | - | unsure |
sqlalchemy         | sqlite://                                | /app | /app/data | - | none |
sqlalchemy         | sqlite:///:memory:                       | /app | /app/data | - | none |
sqlalchemy         | sqlite:////tmp/app.db                    | /app | /app/data | - | none |
sqlalchemy         | postgresql+asyncpg://u:p@db/app.db       | /app | /app/data | - | none |
sqlalchemy 2.0     | sqlite:///my%20app.db                    | /app | /app/data | /app/my%20app.db | moved | sqlite:///data/my%20app.db
dj-database-url    | sqlite:///my%20app.db                    | /app | /app/data | /app/my app.db | moved | sqlite:///data/my%20app.db
dj-database-url    | spatialite:///geo.db                     | /app | /app/data | /app/geo.db | moved | spatialite:///data/geo.db
dj-database-url    | sqlite://data/app.db                     | /app | /app/data | - | unsure |
peewee             | sqlite:///my%20app.db                    | /app | /app/data | /app/my%20app.db | moved | sqlite:///data/my%20app.db
peewee             | sqlite://app.db                          | /app | /app/data | - | unsure |
tortoise           | sqlite:////srv/app.db                    | /app | /app/data | /srv/app.db | moved | sqlite:////app/data/app.db
tortoise           | sqlite://my%20app.db                     | /app | /app/data | /app/my%20app.db | moved | sqlite://data/my%20app.db
flask-sqlalchemy   | sqlite:///app.db                         | /app | /app/data | /app/instance/app.db | moved | sqlite:////app/data/app.db
flask-sqlalchemy   | sqlite:///app.db                         | /app | /app/instance | /app/instance/app.db | inside |
flask-sqlalchemy   | sqlite:////srv/app.db                    | /app | /app/data | /srv/app.db | moved | sqlite:////app/data/app.db
flask-sqlalchemy 2 | sqlite:////srv/app.db                    | /app | /app/data | /srv/app.db | unsure |
flask-sqlalchemy 2 | sqlite:///app.db                         | /app | /app/data | - | unsure |
sqlx               | sqlite:app.db?mode=rwc                   | /app | /app/data | /app/app.db | moved | sqlite:data/app.db?mode=rwc
sqlx               | sqlite:/srv/app.db                       | /app | /app/data | /srv/app.db | moved | sqlite:/app/data/app.db
sqlx               | sqlite://my%20app.db                     | /app | /app/data | /app/my app.db | moved | sqlite://data/my%20app.db
diesel             | file:app.db                              | /app | /app/data | /app/app.db | moved | file:data/app.db
diesel             | app.db                                   | /app | /app/data | /app/app.db | moved | data/app.db
rusqlite           | /srv/app.db                              | /app | /app/data | /srv/app.db | moved | /app/data/app.db
rusqlite           | app.db                                   | /app | /app/data | /app/app.db | unsure |
sequelize          | sqlite:app.db                            | /app | /app/data | /app/app.db | moved | sqlite:data/app.db
sequelize          | sqlite::memory:                          | /app | /app/data | - | none |
better-sqlite3     | ./app.sqlite                             | /app | /app/data | /app/app.sqlite | moved | ./data/app.sqlite
better-sqlite3     | file:app.db                              | /app | /app/data | - | unsure |
better-sqlite3     | app.db?x=1                               | /app | /app/data | - | unsure |
prisma 6           | file:./dev.db                            | /app | /app/data | /app/prisma/dev.db | moved | file:/app/data/dev.db
prisma 6           | file:../data/dev.db                      | /app | /app/data | /app/data/dev.db | inside |
prisma 6           | file:/srv/dev.db?connection_limit=1      | /app | /app/data | /srv/dev.db | moved | file:/app/data/dev.db?connection_limit=1
prisma 7           | file:./dev.db                            | /app | /app/data | /app/dev.db | moved | file:./data/dev.db
libsql             | file:local.db                            | /app | /app/data | /app/local.db | moved | file:data/local.db
libsql             | file:///srv/local.db                     | /app | /app/data | /srv/local.db | moved | file:///app/data/local.db
libsql             | file://local.db                          | /app | /app/data | - | unsure |
libsql             | libsql://x.turso.io                      | /app | /app/data | - | none |
go                 | app.db                                   | /app | /app/data | /app/app.db | moved | data/app.db
go                 | app.db?_fk=1                             | /app | /app/data | /app/app.db | moved | data/app.db?_fk=1
go                 | file:app.db?cache=shared&_fk=1           | /app | /app/data | /app/app.db | moved | file:data/app.db?cache=shared&_fk=1
go                 | file:my%20app.db                         | /app | /app/data | /app/my app.db | moved | file:data/my%20app.db
go                 | sqlite:///app.db                         | /app | /app/data | - | unsure |
rails              | sqlite3:storage/x.sqlite3                | /rails | /rails/storage | /rails/storage/x.sqlite3 | inside |
rails              | sqlite3:db/x.sqlite3                     | /rails | /rails/storage | /rails/db/x.sqlite3 | moved | sqlite3:storage/x.sqlite3
rails              | sqlite3:/srv/x.sqlite3                   | /rails | /rails/storage | /srv/x.sqlite3 | moved | sqlite3:/rails/storage/x.sqlite3
laravel            | /srv/database.sqlite                     | /app | /app/data | /srv/database.sqlite | moved | /app/data/database.sqlite
laravel            | database/database.sqlite                 | /app | /app/data | - | unsure |
doctrine           | sqlite:////srv/app.db                    | /app | /app/data | /srv/app.db | unsure |
doctrine           | sqlite:///%kernel.project_dir%/var/a.db  | /app | /app/data | - | unsure |
ecto               | /etc/app/app.db                          | /app | /app/data | /etc/app/app.db | moved | /app/data/app.db
ecto               | ./app.db                                 | /app | /app/data | /app/app.db | unsure |
ef core            | Data Source=app.db;Cache=Shared          | /app | /app/data | /app/app.db | moved | Data Source=data/app.db;Cache=Shared
ef core            | Cache=Shared;DataSource=/srv/app.db      | /app | /app/data | /srv/app.db | moved | Cache=Shared;DataSource=/app/data/app.db
ef core            | Data Source=x;Mode=Memory                | /app | /app/data | - | none |
ef core            | Server=db;Database=app.db                | /app | /app/data | - | none |
jdbc               | jdbc:sqlite:app.db                       | /app | /app/data | /app/app.db | moved | jdbc:sqlite:data/app.db
jdbc               | jdbc:sqlite:/srv/app.db?x=1              | /app | /app/data | /srv/app.db | moved | jdbc:sqlite:/app/data/app.db?x=1
jdbc               | jdbc:sqlite:file:app.db                  | /app | /app/data | /app/app.db | moved | jdbc:sqlite:file:data/app.db
jdbc               | jdbc:h2:./db;MODE=MySQL                  | /app | /app/data | /app/db.mv.db | moved | jdbc:h2:./data/db;MODE=MySQL
jdbc               | jdbc:h2:file:/srv/db                     | /app | /app/data | /srv/db.mv.db | moved | jdbc:h2:file:/app/data/db
jdbc               | jdbc:h2:data/db                          | /app | /app/data | - | unsure |
jdbc               | jdbc:h2:~/db                             | /app | /app/data | /root/db.mv.db | moved | jdbc:h2:/app/data/db
jdbc               | jdbc:h2:~app/db                          | /app | /app/data | - | unsure |
jdbc               | jdbc:hsqldb:file:~/db                    | /app | /app/data | /root/db | unsure |
jdbc               | jdbc:sqlite:~/app.db                     | /app | /app/data | - | unsure |
jdbc               | jdbc:h2:mem:x                            | /app | /app/data | - | none |
jdbc               | jdbc:hsqldb:file:/srv/db                 | /app | /app/data | /srv/db | unsure |
unknown            | sqlite:///app.db                         | /app | /app/data | - | unsure |
unknown            | sqlite:///./app.db                       | /app | /app/data | /app/app.db | moved | sqlite:///./data/app.db
unknown            | sqlite:////srv/app.db                    | /app | /app/data | /srv/app.db | moved | sqlite:////app/data/app.db
unknown            | /srv/app.db                              | /app | /app/data | /srv/app.db | moved | /app/data/app.db
unknown            | file:app.db                              | /app | /app/data | - | unsure |
"""

Row = tuple[str, str, str, str, str, str, str]


def rows(text: str, readers: tuple[str, ...] = ("",)) -> list[Row]:
    found = []
    for reader in readers:
        for line in filter(None, text.splitlines()):
            cells = [cell.strip() for cell in (f"{reader}|{line}" if reader else line).split("|")]
            one, two, three, four, five, six, seven = cells
            found.append((one, two, three, four, five, six, seven))
    return found


TABLE = [*rows(THREE_RELATIVE, RELATIVE_OF_THREE), *rows(THREE_ABSOLUTE, ABSOLUTE_OF_THREE), *rows(OTHERS)]
