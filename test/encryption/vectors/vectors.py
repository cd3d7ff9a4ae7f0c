#!/usr/bin/env python3
"""Test vectors of docs/ENCRYPTION.md by a second implementation, which shares no code with the first.

pip install cryptography; python3 vectors.py > vectors.json
"""

import base64
import hashlib
import json
import math
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

UNKNOWN = 2**64 - 1


def sha256(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hkdf(key, info, length, salt=None):
    return HKDF(hashes.SHA256(), length, salt, info).derive(key)


def derive(master, purpose, length, context=b""):
    return hkdf(master, b"canister-blobs encryption 1 " + purpose + b"\0" + context, length)


def master_id(master):
    return hkdf(master, b"canister-blobs encryption 1 id", 8)


def padme(size):
    if size == 0:
        return 0
    if size <= 256:
        return 256
    e = size.bit_length() - 1
    s = e.bit_length()
    step = 1 << (e - s)
    return -(-size // step) * step


def root(plain, frame):
    leaves = b"".join(sha256(plain[at : at + frame]) for at in range(0, len(plain), frame))
    return sha256(b"canister-blobs root1" + struct.pack(">QI", len(plain), frame) + leaves)


def blob_key(master, plain, frame, name):
    flag = b"\0" if name is None else b"\1"
    context = root(plain, frame) + struct.pack(">Q", padme(len(plain))) + flag + (name or "").encode()
    return derive(master, b"blob", 32, context)


def seal_frames(key, plain, frame, is_stream=False):
    total = padme(len(plain))
    padded = plain + bytes(total - len(plain))
    count = -(-total // frame)
    out = b""
    for index in range(count):
        bound = (UNKNOWN, UNKNOWN) if is_stream else (count, total)
        data = b"cbframe1" + struct.pack(">QQQIB", index, *bound, frame, index == count - 1)
        nonce = bytes(4) + struct.pack(">Q", index)
        out += AESGCM(key).encrypt(nonce, padded[index * frame : (index + 1) * frame], data)
    return out


def envelope(master, fields):
    plain = json.dumps(fields, separators=(",", ":")).encode()
    plain += b" " * (-len(plain) % 64)
    head = b"\1" + master_id(master)
    return b64(head + AESSIV(derive(master, b"envelope", 64)).encrypt(plain, [head]))


def seal_key(master, key):
    siv = AESSIV(derive(master, b"names", 64))
    sealed, parent = [], ""
    for segment in key.split("/"):
        sealed.append("~" + b64(siv.encrypt(segment.encode(), [parent.encode()])))
        parent += segment + "/"
    return "/".join(sealed)


def key_file(master, passphrase, salt, log_n):
    by = Scrypt(salt=salt, length=32, n=2**log_n, r=8, p=1).derive(passphrase.encode())
    name = master_id(master).hex()
    wrapped = AESGCM(by).encrypt(bytes(12), master, name.encode())
    slot = {"id": "01020304", "createdAt": "2026-11-30T12:00:00.000Z", "type": "scrypt", "logN": log_n}
    slot |= {"salt": b64(salt), "wrapped": b64(wrapped)}
    return json.dumps({"format": "canister-blobs key", "version": 1, "master": name, "slots": [slot]})


def plaintext(size):
    return bytes((7 * at + at // 251) % 256 for at in range(size))


def seal_object(master, name, plain, salt):
    key = hkdf(derive(master, b"objects", 32), b"canister-blobs object 1", 32, salt)
    parts = [plain[at : at + 65_488] for at in range(0, len(plain), 65_488)] or [b""]
    out = b""
    for index, part in enumerate(parts):
        head = salt + bytes([index == len(parts) - 1])
        data = b"cbobject1" + head + struct.pack(">I", index) + name.encode()
        out += head + AESGCM(key).encrypt(bytes(8) + struct.pack(">I", index), part, data)
    return out


def seal_object_name(master, name):
    folder = name[: name.index("/") + 1]
    told = bytes.fromhex(name.rsplit("/", 1)[1].replace(".", ""))
    sealed = AESSIV(derive(master, b"object names", 64)).encrypt(told, [folder.encode()]).hex()
    return folder + sealed if folder == "index/" else f"{folder}{sealed[:2]}/{sealed}"


HASH = sha256(b"an item").hex()
OBJECT_NAMES = [f"chunks/{HASH[:2]}/{HASH}.0123456789abcdef", f"packs/{HASH[:2]}/{HASH}", f"index/{HASH}"]
OBJECT_NAMES += ["generations/000000000000/000000000001", "runs/0123456789abcdef"]
MASTER = bytes(range(32))
BLOBS = [(0, "a", 65_520), (1, "a", 65_520), (300, "films/holiday.mp4", 65_520), (300, None, 65_520)]
BLOBS += [(65_520, "ä/ü", 65_520), (150_000, "films/holiday.mp4", 65_520)]


def blob(size, name, frame):
    plain = plaintext(size)
    key = blob_key(MASTER, plain, frame, name)
    sealed = seal_frames(key, plain, frame)
    fields = {"key": b64(key), "size": size, "padded": padme(size), "frame": frame, "type": "text/plain"}
    return {
        "size": size,
        "name": name,
        "frame": frame,
        "key": key.hex(),
        "sealedSize": len(sealed),
        "sealedSha256": sha256(sealed).hex(),
        "envelope": envelope(MASTER, fields | {"metadata": {"author": "ann"}}),
    }


def stream():
    key, plain = sha256(b"the random key of a stream"), plaintext(300)
    fields = {"key": b64(key), "size": 300, "padded": padme(300), "frame": 65_520, "stream": True}
    return {
        "size": 300,
        "sealed": seal_frames(key, plain, 65_520, True).hex(),
        "envelope": envelope(MASTER, fields | {"type": "text/plain"}),
    }


print(
    json.dumps(
        {
            "master": MASTER.hex(),
            "id": master_id(MASTER).hex(),
            "envelopeKey": derive(MASTER, b"envelope", 64).hex(),
            "namesKey": derive(MASTER, b"names", 64).hex(),
            "padded": [[size, padme(size)] for size in (0, 1, 256, 257, 1_000, 65_536, 10**6 + 1, 2**32 + 1)],
            "blobs": [blob(*each) for each in BLOBS],
            "stream": stream(),
            "names": [[key, seal_key(MASTER, key)] for key in ("a", "a/a", "films/holiday.mp4", "ä/ü")],
            "keyFile": key_file(MASTER, "correct horse battery staple", sha256(b"salt"), 14),
            "objects": [
                {
                    "name": OBJECT_NAMES[0],
                    "size": size,
                    "sealedSize": len(sealed),
                    "sealed": b64(sealed),
                }
                for size in (0, 5, 300)
                for sealed in [seal_object(MASTER, OBJECT_NAMES[0], plaintext(size), sha256(b"a salt")[:31])]
            ],
            "objectNames": [[n, seal_object_name(MASTER, n) if n[0] in "cpi" else n] for n in OBJECT_NAMES],
            "passphrase": "correct horse battery staple",
        },
        indent="\t",
        ensure_ascii=False,
    )
)
