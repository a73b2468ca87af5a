# A thin wrapper for people who type make. The build itself is meson + ninja.
B ?= build

all: $(B)/build.ninja
	ninja -C $(B)

$(B)/build.ninja:
	meson setup $(B)

check: all
	meson test -C $(B) --no-rebuild

fuzz:
	CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false || true
	ninja -C build-fuzz

format:
	git ls-files 'src/*.[ch]' 'include/*.h' 'fuzz/*.c' 'tests/*.[ch]' 'bench/*.[ch]' | xargs clang-format -i

lint:
	tools/lint

install: all
	meson install -C $(B)

clean:
	rm -rf $(B) build-fuzz

.PHONY: all check fuzz format lint install clean
