"""What reads file systems of which it mounts none: each kind by the tool that its makers have for that."""

import hashlib
import os
import re
import stat
import struct
import subprocess
import tempfile

MAX_TEXT = 65536
MAX_FILE = 4 << 30  # a larger one is not hashed: a few bytes of image can stand for any number of zeros
BATCH = 256


class Place:
    """Where a file system is: a part of the disk. Working files go to the directory."""

    def __init__(self, disk, start, size, directory):
        self.disk, self.start, self.size, self.directory = disk, start, size, directory

    def read(self, offset, size):
        with open(self.disk, "rb") as disk:
            disk.seek(self.start + offset)
            return disk.read(size)


def probe(place):
    """What blkid knows, by its names; empty where it knows nothing."""
    found = subprocess.run(["blkid", "--probe", "--output=export", f"--offset={place.start}", f"--size={place.size}", place.disk],
                           capture_output=True, check=False)
    pairs = (line.split("=", 1) for line in found.stdout.decode("utf-8", "replace").splitlines() if "=" in line)
    return {name: unescaped(value) for name, value in pairs}


def unescaped(value):
    return re.sub(r"\\(.)", r"\1", value)


class Unreadable(Exception):
    """A file system that says what cannot be."""


class Ext:
    """ext2 to ext4, by debugfs. Everything is asked for by inode: names are only ever read."""

    entry = re.compile(rb"/(\d+)/(\d{5,7})/(\d+)/(\d+)/(.*)/(\d*)/")

    def __init__(self, place):
        self.place = place
        self.device = f"{place.disk}?offset={place.start}"

    def run(self, requests):
        """What debugfs prints for each request."""
        script = os.path.join(self.place.directory, "requests")
        with open(script, "w", encoding="ascii") as out:
            out.write("".join(request + "\n" for request in requests))
        printed = subprocess.run(["debugfs", "-f", script, self.device], capture_output=True, check=False).stdout
        answers = re.split(rb"^debugfs: .*\n", printed, flags=re.MULTILINE)[1:]
        if len(answers) != len(requests):
            raise Unreadable("debugfs cannot read it, or a name in it has a line break")
        return answers

    def room(self):
        text = self.run(["show_super_stats -h"])[0].decode("utf-8", "replace")
        number = {name: int(re.search(rf"^{name}:\s*(\d+)$", text, re.MULTILINE).group(1))
                  for name in ("Block count", "Free blocks", "Block size")}
        size = number["Block count"] * number["Block size"]
        return size, size - number["Free blocks"] * number["Block size"]

    def text(self, path):
        content = self.run([f"cat {path}"])[0]
        return content[:MAX_TEXT].decode("utf-8", "replace")

    def files(self):
        entries, seen, level = [], {2}, [("", 2)]
        while level:
            below = []
            answers = self.run([f"ls -p <{inode}>" for _, inode in level])
            for (path, _), answer in zip(level, answers):
                for line in answer.splitlines():
                    if not line.startswith(b"/"):
                        continue
                    found = self.entry.fullmatch(line)
                    if not found:
                        raise Unreadable("a name in it has a line break, or a slash")
                    inode, mode, name = int(found[1]), int(found[2], 8), text_of(found[5])
                    if inode == 0 or name in (".", ".."):  # 0 is a place for a name that there is none in
                        continue
                    if "/" in name:
                        raise Unreadable("a name in it has a slash")
                    entry = describe(f"{path}/{name}", mode, int(found[3]), int(found[4]), int(found[6] or 0))
                    entries.append((inode, entry))
                    if stat.S_ISDIR(mode):
                        if inode in seen:
                            raise Unreadable("a directory in it is in two places")
                        seen.add(inode)
                        below.append((entry["path"], inode))
            level = below
        self.hash(entries)
        self.targets(entries)
        return [entry for _, entry in entries]

    def hash(self, entries):
        by_inode = {}
        for inode, entry in entries:
            if entry["kind"] == "file" and entry["size"] <= MAX_FILE:
                by_inode.setdefault(inode, []).append(entry)
        inodes = sorted(by_inode)
        for at in range(0, len(inodes), BATCH):
            batch = inodes[at : at + BATCH]
            self.run([f"dump <{inode}> {self.place.directory}/{inode}" for inode in batch])
            for inode in batch:
                copy = f"{self.place.directory}/{inode}"
                if os.path.exists(copy) and os.path.getsize(copy) == by_inode[inode][0]["size"]:
                    digest = sha256(copy)
                    for entry in by_inode[inode]:
                        entry["sha256"] = digest
                if os.path.exists(copy):
                    os.remove(copy)

    def targets(self, entries):
        links = [(inode, entry) for inode, entry in entries if entry["kind"] == "symlink"]
        if not links:
            return
        for (inode, entry), answer in zip(links, self.run([f"stat <{inode}>" for inode, _ in links])):
            found = re.search(rb'^Fast link dest: "(.*)"$', answer, re.MULTILINE)
            if found:
                entry["target"] = text_of(found[1])
                continue
            copy = f"{self.place.directory}/{inode}"
            self.run([f"dump <{inode}> {copy}"])
            if os.path.exists(copy):
                with open(copy, "rb") as content:
                    entry["target"] = text_of(content.read(4096))
                os.remove(copy)


class Copied:
    """A file system that is copied out to be read."""

    modes = True

    def __init__(self, place):
        self.place = place
        self.root = tempfile.mkdtemp(dir=place.directory)
        self.copied = False

    def copy(self):
        if not self.copied:
            self.take()
            self.copied = True

    def text(self, path):
        self.copy()
        name = self.root + path
        if os.path.isfile(name) and os.path.realpath(name).startswith(self.root + "/"):
            with open(name, "rb") as content:
                return content.read(MAX_TEXT).decode("utf-8", "replace")
        return ""

    def files(self):
        self.copy()
        root = self.root.encode()
        for directory, names, others in os.walk(root):
            for name in names + others:
                path = os.path.join(directory, name)
                status = os.lstat(path)
                entry = describe(text_of(path[len(root) :]), status.st_mode, status.st_uid, status.st_gid, status.st_size)
                if not self.modes:
                    for what in ("mode", "uid", "gid"):
                        del entry[what]
                if entry["kind"] == "symlink":
                    entry["target"] = text_of(os.readlink(path))
                elif entry["kind"] == "file" and entry["size"] <= MAX_FILE:
                    entry["sha256"] = sha256(path)
                yield entry


class Fat(Copied):
    modes = False  # what a mount would make of them

    def device(self):
        return f"{self.place.disk}@@{self.place.start}"

    def room(self):
        sector = self.place.read(0, 512)
        small, = struct.unpack_from("<H", sector, 19)
        large, = struct.unpack_from("<I", sector, 32)
        size = (small or large) * struct.unpack_from("<H", sector, 11)[0]
        free = re.search(r"([\d ]+) bytes free", output("mdir", "-i", self.device(), "::/").decode("utf-8", "replace"))
        return size, size - int(free[1].replace(" ", "")) if free else 0

    def take(self):
        output("mcopy", "-s", "-n", "-Q", "-i", self.device(), "::/", self.root)


class Squashfs(Copied):
    def room(self):
        used, = struct.unpack_from("<Q", self.place.read(0, 96), 40)
        return used, used

    def take(self):
        output("unsquashfs", "-quiet", "-no-progress", "-no-xattrs", "-force", "-offset", str(self.place.start),
               "-dest", self.root, self.place.disk)


class Btrfs(Copied):
    def room(self):
        used, = struct.unpack_from("<Q", self.place.read(0x10000, 4096), 0x78)
        size, = struct.unpack_from("<Q", self.place.read(0x10000, 4096), 0x70)
        return size, used

    def take(self):
        part = os.path.join(self.place.directory, "part")
        output("qemu-img", "convert", "-O", "raw", "--image-opts",
               f"driver=raw,offset={self.place.start},size={self.place.size},file.filename={self.place.disk}", part)
        try:
            output("btrfs", "restore", "--metadata", "--symlinks", "--snapshots", part, self.root)
        finally:
            os.remove(part)


READERS = {"ext2": Ext, "ext3": Ext, "ext4": Ext, "vfat": Fat, "squashfs": Squashfs, "btrfs": Btrfs}
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFCHR: "device",
         stat.S_IFBLK: "device", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket"}


def describe(path, mode, uid, gid, size):
    kind = KINDS.get(stat.S_IFMT(mode))
    if kind is None:
        raise Unreadable("a file in it is of no known kind")
    return {"path": path, "kind": kind, "mode": f"{stat.S_IMODE(mode):04o}", "uid": uid, "gid": gid,
            "size": size if kind == "file" else 0}


def text_of(name):
    return name.decode("utf-8", "backslashreplace")


def sha256(path):
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def output(*argv):
    """What a program prints; that it fails is an error with its last line."""
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise Unreadable(f"{argv[0]}: {lines[-1]}")
    return done.stdout
