"""Given the words of a command: whether it wipes the rows of a database."""

from __future__ import annotations

import shlex

import pytest

from volfix.knowledge.wipes import wipe_of

WIPES = """
php artisan migrate:fresh --seed --force
docker compose exec -T app php artisan db:wipe --force
docker exec app /usr/local/bin/php /app/artisan --env=production migrate:refresh
npx prisma migrate reset --force
yarn prisma db push --force-reset --accept-data-loss
bundle exec rails db:drop db:create
bin/rails db:schema:load
docker compose run --rm web rake db:reset
python manage.py flush --no-input
./manage.py reset_db --noinput
alembic -c ops/alembic.ini downgrade base
flask db downgrade base
bin/console doctrine:schema:drop --force
php bin/console doctrine:fixtures:load -n
npx sequelize-cli db:migrate:undo:all
npx typeorm schema:drop -d dist/source.js
npx knex migrate:rollback --all
npx mikro-orm schema:fresh --run
node ace migration:fresh --force
mix ecto.reset
dotnet ef database drop --force
flyway -url=jdbc:h2:x clean
liquibase drop-all
diesel database reset
sqlx database reset -y
sea-orm-cli migrate fresh
goose -dir migrations postgres "$URL" reset
migrate -path db -database "$URL" drop -f
dbmate drop
wp db reset --yes
drush site:install -y
docker compose exec db dropdb -U postgres shop
mysqladmin -uroot drop -f shop
pg_restore --clean -d shop backup.dump
mongorestore --drop dump
docker compose exec cache redis-cli -n 2 FLUSHDB
psql -U postgres -c 'drop schema public cascade'
mysql -e "TRUNCATE orders"
mongosh shop --eval 'db.dropDatabase()'
"""
KEEPS = """
php artisan migrate --force
php artisan migrate:rollback --step=1
npx prisma migrate deploy
npx prisma db push
bundle exec rails db:migrate db:seed
bin/rails db:prepare
python manage.py migrate
alembic upgrade head
alembic downgrade -1
bin/console doctrine:schema:update --force
bin/console doctrine:schema:drop --dump-sql
bin/console doctrine:fixtures:load --append
npx knex migrate:rollback
goose up
migrate -path db -database "$URL" up
flyway migrate
pg_restore -d shop backup.dump
mongorestore dump
redis-cli PING
psql -c 'select 1'
psql -f drop.sql
echo "run php artisan migrate:fresh to begin again"
grep -rn "DROP DATABASE" sql
dropdb shop_test
php artisan migrate:fresh --env=testing
mix ecto.migrate
git reset --hard
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize("command", lines(WIPES))
def test_a_command_that_wipes_rows_is_known(command: str) -> None:
    assert wipe_of(shlex.split(command)) is not None


@pytest.mark.parametrize("command", lines(KEEPS))
def test_a_command_that_keeps_them_is_none(command: str) -> None:
    assert wipe_of(shlex.split(command)) is None
