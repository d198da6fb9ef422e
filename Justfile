# Everything a developer runs. `just` alone lists it; https://just.systems (in the dev extra as rust-just).

set windows-shell := ["powershell.exe", "-NoLogo", "-Command"]

# list the recipes
default:
    @just --list

# all checks: what CI runs
check: lint generated test

# style, types, layers
lint:
    ruff check
    ruff format --check
    mypy
    lint-imports

# what is generated from the sources is what is committed
generated:
    sop-addin build-template --check

# the tests
test *ARGS:
    pytest {{ ARGS }}

# accept what the code gives now as the golden files (read the diff afterwards)
update-golden *ARGS:
    pytest --update-golden {{ ARGS }}

# put style right
format:
    ruff check --fix
    ruff format

# build workbook/SOP_Template.xlsm and docs/tables.md from the sources
template:
    sop-addin build-template

# draw every sheet anew: docs/pictures
pictures:
    python docs/pictures/make.py

# measure, and write docs/benchmarks.md
bench *ARGS:
    python benchmarks/end_to_end.py {{ ARGS }}
