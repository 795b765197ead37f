"""Prints an SBOM (SPDX 2.3 JSON) of the programs in a directory: the Debian packages whose code is in them or that they
load.

    sbom.py DIRECTORY_OF_PROGRAMS
"""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys

PROGRAMS = ("thermos", "thermos-reactor", "thermos-coordinator", "thermos-observe", "thermos-node")
# Linked statically, or headers alone: no program says so.
LINKED_IN = ("libcapnp-dev", "libcli11-dev", "nlohmann-json3-dev", "libstdc++-12-dev", "libc6-dev")


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def versions(packages):
    listed = output("dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *sorted(packages))
    return dict(line.split(" ") for line in listed.splitlines())


def packages_of(libraries):
    """The Debian packages that hold the files. One call for all, because each reads the names of all files that dpkg
    knows. /lib is a link to /usr/lib, and dpkg knows one of the names."""
    names = {}
    for library in libraries:
        path = os.path.realpath(library)
        names[path] = names[path.removeprefix("/usr")] = library
    found = {}
    for line in subprocess.run(["dpkg", "-S", *names], capture_output=True, text=True).stdout.splitlines():
        holder, _, name = line.rpartition(": ")
        if name in names:
            found[names[name]] = holder.split(":")[0]
    for library in libraries - found.keys():
        raise SystemExit(f"sbom: no package holds {library}")
    return set(found.values())


def loaded(program):
    listed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return set(re.findall(r"=> (/\S+)", listed))


def main():
    directory = sys.argv[1]
    libraries = set()
    files = []
    for name in PROGRAMS:
        path = os.path.join(directory, name)
        libraries |= loaded(path)
        with open(path, "rb") as file:
            files.append((name, hashlib.sha256(file.read()).hexdigest()))
    packages = {"linked": versions(LINKED_IN), "loaded": versions(packages_of(libraries))}
    time = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": "thermos-reactor",
        "documentNamespace": "https://thermos-reactor.org/spdx/" + files[0][1],
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: sbom.py"]},
        "packages": [{"SPDXID": "SPDXRef-thermos-reactor", "name": "thermos-reactor",
                      "versionInfo": output(os.path.join(directory, "thermos"), "--version").split()[-1],
                      "licenseDeclared": "Apache-2.0", "downloadLocation": "NOASSERTION", "filesAnalyzed": False}],
        "files": [{"SPDXID": f"SPDXRef-File-{name}", "fileName": f"./usr/bin/{name}",
                   "checksums": [{"algorithm": "SHA256", "checksumValue": digest}]} for name, digest in files],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                           "relatedSpdxElement": "SPDXRef-thermos-reactor"}],
    }
    for kind, relation in (("linked", "STATIC_LINK"), ("loaded", "DYNAMIC_LINK")):
        for name, version in packages[kind].items():
            spdx_id = "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
            document["packages"].append({
                "SPDXID": spdx_id, "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
                "filesAnalyzed": False,
                "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                  "referenceLocator": f"pkg:deb/debian/{name}@{version}"}]})
            document["relationships"].append({"spdxElementId": "SPDXRef-thermos-reactor",
                                              "relationshipType": relation, "relatedSpdxElement": spdx_id})
    json.dump(document, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
