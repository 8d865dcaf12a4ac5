# SPDX-License-Identifier: Apache-2.0
"""Certificates of a test's own authority, made by the openssl command."""
import pathlib
import ssl
import subprocess


class Authority:
    """`ca_file` is what to trust. Everything stands in `folder`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._count = 0
        self.ca_file = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"
        self._openssl("req", "-x509", *self._new_key(self._key), "-out", self.ca_file, "-subj", "/CN=Test authority", "-days", "2")

    def server(self, name="IP:127.0.0.1", days=1):
        """A server's context with a certificate for `name`; negative `days`: it has expired."""
        self._count += 1
        stem = self.folder / f"server{self._count}"
        key, request, certificate, extensions = (stem.with_suffix(f".{kind}") for kind in ("key", "csr", "pem", "ext"))
        extensions.write_text(f"subjectAltName={name}\n")
        self._openssl("req", *self._new_key(key), "-out", request, "-subj", "/CN=receiver")
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self._key, "-CAcreateserial", "-days", str(days),
                      "-extfile", extensions, "-out", certificate)
        return _context(certificate, key)

    def self_signed(self, name="IP:127.0.0.1"):
        """A server's context whose certificate nobody has signed but itself."""
        self._count += 1
        stem = self.folder / f"self{self._count}"
        key, certificate = stem.with_suffix(".key"), stem.with_suffix(".pem")
        self._openssl("req", "-x509", *self._new_key(key), "-out", certificate, "-subj", "/CN=receiver", "-days", "1",
                      "-addext", f"subjectAltName={name}")
        return _context(certificate, key)

    @staticmethod
    def _new_key(path):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(path)]

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def _context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
