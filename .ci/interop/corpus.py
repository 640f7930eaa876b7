"""Compares our verdicts with those of EU DSS on the shared corpus.

    corpus.py list CORPUS                     the list that Judge.java reads, on standard output
    corpus.py ours CLI LIST OUT.jsonl         our own verdicts on it
    corpus.py diff CORPUS OUT.jsonl DSS.tsv   what differs, as Markdown on standard output
    corpus.py both LIST                       the list that Judge.java reads for pairs of files, unsigned and signed by us
    corpus.py kept LIST DSS.tsv               what EU DSS says otherwise of earlier signatures since we signed

What is compared is `integrity`, the mathematics alone: DSS runs without trusted lists and without a network here, so
that its indications say nothing but "chain not trusted"; where it says TOTAL_FAILED all the same we must not say
TOTAL-PASSED. Where both give the same verdict without the mathematics, a total failure of the same cause or that what
was signed is missing, it is the same although one of them computed what was left. `expected` is what the corpus itself
knows of the file.
"""

import collections
import csv
import json
import os
import subprocess
import sys
import tempfile

FORMATS = {"CAdES", "CMS", "PAdES", "XAdES", "XMLDSig", "ASiC-E", "ASiC-S", "TSR", "TST", "ODF"}
BATCH = 40

# Why a class of differences is left, in a sentence each; read file by file on 22 November 2026.
REASONS = {
    "DSS sees signatures, we see none": "The ZIP directory is not where the file says: two programs would read two documents. "
    "An evidence record without the documents that it is about, which DSS calls broken, is told and asks for them.",
    "DSS fails it, we do not": "None is left.",
    "both fail it, and find the fault elsewhere": "A counter-signature is intact in itself and none of the signature above it, which EU "
    "DSS tells as a broken digest; without its manifest nobody can say what a signature in a container is over.",
    "integrity of time-stamps": "The token is intact for OpenSSL too: DSS minds that the certificate had ended when the token says that "
    "it was signed, which keeps it from passing with us, or the order of its attributes; or DSS puts the fault of a manifest elsewhere. Evidence records: a file that its manifest lists and the "
    "container lacks is a fault for us; a digest missing in a renewed tree is one by RFC 4998 §5.3; without a manifest nothing tells "
    "what a record in an ASiC-E, or in an ASiC-S of several files, is over; and a digest of another algorithm in the manifest "
    "takes nothing from a record that is over the file itself.",
    "number of signatures": "SubFilter adbe.x509.rsa_sha1, signatures without or with damaged contents and room kept for one: DSS "
    "passes over them without a word, we tell them.",
    "DSS judges no time-stamp whose data is not there": "The token's own mathematics do not hold, whatever it is over, or its form is wrong; DSS "
    "looks no further than the missing data.",
    "number of time-stamps": "Document time-stamps whose dictionary has an object number that was used before (pdfsig sees them too), "
    "and tokens that cannot be read, which we tell.",
    "unknown to one": "XML: content under an Id that DSS does not look for, and keys that stand where it does not look, such as "
    "behind a RetrievalMethod; wrapped signatures, which we name as attacks; a container that signs no file, which both fail.",
    "we fail it, DSS does not": "Published attacks and forbidden later revisions, which DSS lets stand as warnings; the corpus "
    "says of all but one that they must be flagged, and of that one iText's own test that it is invalid. XML: something that "
    "was signed is changed, and DSS stops before it comes there, at another reference that leads nowhere or at the certificate.",
    "DSS says broken, we do not": "Signed attributes that are signed as they stand and not in DER order, which OpenSSL and Adobe "
    "accept; Ed448, which the Java of DSS does not compute, and a curve in place of an algorithm, which nobody can; an empty "
    "content inside a PDF's signature; counter-signatures with a content-type, which RFC 5652 forbids and which we tell; ODF, whose "
    "references need LibreOffice's own rules.",
    "we say broken, DSS does not": "No certificate is acceptable to DSS, so that it looks no further; or a reference cannot be "
    "followed and the signature value is wrong all the same. In a container a signed file is missing or has another name, which DSS "
    "leaves open or finds by its digest, with a warning: what was signed has that name (EN 319 162-1 §4.4), and the corpus has it so.",
    "DSS gives no verdict, we do": "DSS refuses to read the file: DTDs, HMAC, PKCS #7 of PKCS #1, time-stamps with two signers.",
}


def manifest(corpus):
    with open(os.path.join(corpus, "MANIFEST.tsv"), encoding="utf-8") as f:
        rows = csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [r for r in rows if r["format"] in FORMATS]


def listing(corpus):
    for r in manifest(corpus):
        file = os.path.join(corpus, "files", r["file"])
        originals = [os.path.join(corpus, "files", o) for o in r["detached_content"].split("|") if o]
        if os.path.isfile(file):
            print(file, "|".join(o for o in originals if os.path.isfile(o)), sep="\t")


def run(cli, config, files, extra):
    done = subprocess.run(
        [cli, "verify", "--json", "--offline", "--config", config, *extra, "--", *files],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60 + 30 * len(files), check=False,
    )
    return json.loads(done.stdout)["files"]


def ours(cli, list_file, out):
    plain = [file for file, original in pairs(list_file) if not original]
    jobs = [(plain[i:i + BATCH], []) for i in range(0, len(plain), BATCH)]
    jobs += [([file], [a for o in originals.split("|") for a in ("--content", o)]) for file, originals in pairs(list_file) if originals]
    with tempfile.TemporaryDirectory() as config, open(out, "w", encoding="utf-8") as o:
        for files, extra in jobs:
            for report in run(cli, config, files, extra):
                o.write(json.dumps(report, ensure_ascii=False) + "\n")


def read_dss(path):
    files = collections.defaultdict(lambda: {"sigs": [], "records": [], "err": ""})
    with open(path, encoding="utf-8") as f:
        for line in f:
            r = line.rstrip("\n").split("\t")
            if r[0] == "sig":
                keys = ("id", "parent", "format", "indication", "sub", "integrity", "errors", "warnings", "infos")
                files[r[1]]["sigs"].append(dict(zip(keys, r[2:])))
            elif r[0] == "ers":
                files[r[1]]["records"].append(r[4])
            elif r[0] == "err":
                files[r[1]]["err"] = r[2]
            else:
                files[r[1]]
    return files


def pairs(list_file):
    with open(list_file, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f]


def both(list_file):
    for pair in pairs(list_file):
        for file in pair:
            print(file, "", sep="\t")


def kept(list_file, tsv):
    """Every verdict before must be there after, word for word, and one more: that on our own signature."""
    dss, changed, unread, earlier = read_dss(tsv), [], [], 0
    for before, after in pairs(list_file):
        def verdicts(file):
            return collections.Counter(tuple(s[k] for k in s if k not in ("id", "parent", "infos")) for s in dss[file]["sigs"])
        was, now = verdicts(before), verdicts(after)
        if dss[before]["err"] and dss[before]["err"] == dss[after]["err"]:
            unread.append(f"\n- not read by EU DSS, neither before nor after: {os.path.basename(after)}: {dss[before]['err']}")
            continue
        earlier += was.total()
        if dss[before]["err"] != dss[after]["err"] or was - now or (now - was).total() != 1:
            changed.append(f"\n- {os.path.basename(after)}: {dss[after]['err']} was {dict(was - now)}, is {dict(now - was)}")
    print(f"{earlier} earlier signatures and time-stamps in {len(pairs(list_file))} PDF files of the corpus that we signed: "
          f"EU DSS says otherwise in {len(changed)} files." + "".join(changed + unread))
    sys.exit(1 if changed else 0)


def kind(integrity):
    return integrity.split(":")[0]


def tally(words):
    return ", ".join(f"{n} {w}" for w, n in sorted(collections.Counter(words).items())) or "none"


def settled(s):
    """What needs no look at the integrity: a total failure by its cause, and what was signed missing; else ""."""
    if s["indication"].replace("_", "-") in ("TOTAL-FAILED", "FAILED"):
        return s.get("subindication") or s.get("sub") or "FAILED"
    return "SIGNED_DATA_NOT_FOUND" if "SIGNED_DATA_NOT_FOUND" in (s.get("subindication"), s.get("sub")) else ""


def alike(ours, theirs):
    """Whether the verdicts are the same although one side computed more than the other."""
    return tally(settled(s) or s["integrity"] for s in ours) == tally(settled(s) or kind(s["integrity"]) for s in theirs)


def stamp_kinds(dss):
    """The time-stamps of DSS. What an evidence record is not over we tell at its time-stamp, DSS at the record; that a
    time-stamp in it is not over the one before DSS tells by the indication alone."""
    kinds = ["broken" if (s["indication"], s["sub"]) == ("FAILED", "HASH_FAILURE") else kind(s["integrity"])
             for s in dss["sigs"] if s["format"].startswith("TST")]
    archived = [i for i, s in enumerate(s for s in dss["sigs"] if s["format"].startswith("TST")) if "EVIDENCE_RECORD" in s["format"]]
    bad = [k for k in map(kind, dss["records"]) if k != "intact"]
    for k in bad[sum(kinds[i] != "intact" for i in archived):]:
        i = next((i for i in archived if kinds[i] == "intact"), None)
        if i is not None:
            kinds[i] = k
    return kinds


def compare(row, our, dss):
    """The class of the difference between the two reports on one file, or ""."""
    our_sigs = [s for s in our["signatures"] if s["format"] != "TST"]
    dss_sigs = [s for s in dss["sigs"] if not s["format"].startswith("TST")]
    our_tst = [s for s in our["signatures"] if s["format"] == "TST"]
    dss_tst = [s for s in dss["sigs"] if s["format"].startswith("TST")]
    if row["format"] in ("TST", "TSR") and any("stamped data" in s["integrity"] for s in dss["sigs"]) and not alike(our_tst, dss_tst):
        return "DSS judges no time-stamp whose data is not there"
    if dss["err"]:
        if our_sigs or our_tst:
            return "DSS gives no verdict, we do"
        return ""
    if not our["signatures"] and dss_sigs + dss_tst:
        return "DSS sees signatures, we see none"
    a = tally(s["integrity"] for s in our_sigs)
    b = tally(kind(s["integrity"]) for s in dss_sigs)
    if len(our_sigs) != len(dss_sigs):
        return "number of signatures"
    if a != b and not alike(our_sigs, dss_sigs):
        if 0 < sum(map(failed, our_sigs)) == sum(map(failed, dss_sigs)):
            return "both fail it, and find the fault elsewhere"
        if "broken" in b and "broken" not in a:
            return "DSS says broken, we do not"
        if "broken" in a and "broken" not in b:
            return "we say broken, DSS does not"
        return "unknown to one"
    if len(our_tst) != len(dss_tst):
        return "number of time-stamps"
    if tally(s["integrity"] for s in our_tst) != tally(stamp_kinds(dss)) and not alike(our_tst, dss_tst):
        return "integrity of time-stamps"
    if any(map(failed, dss_sigs)) and not any(map(failed, our_sigs)):
        return "DSS fails it, we do not"
    if any(map(failed, our_sigs)) and not any(map(failed, dss_sigs)):
        return "we fail it, DSS does not"
    return ""


def failed(s):
    return s["indication"] in ("TOTAL_FAILED", "TOTAL-FAILED")


def told(sigs, tst):
    return [s for s in sigs if s["format"].startswith("TST") == tst]


def ours_in_words(our):
    if our.get("error"):
        return "error " + our["error"]["code"]
    parts = []
    for s in our["signatures"]:
        codes = [f["code"] for f in s.get("findings") or [] if f["severity"] != "info"]
        parts.append(" ".join([s["format"], s["integrity"], s["indication"], s.get("subindication", ""), *dict.fromkeys(codes)]))
    return tally(parts)


def dss_in_words(dss):
    if dss["err"]:
        return dss["err"]
    return tally(f"{s['format']} {s['integrity']} {s['indication']} {s['sub']} {s['errors']}"[:240] for s in dss["sigs"])


def diff(corpus, jsonl, tsv):
    dss = read_dss(tsv)
    with open(jsonl, encoding="utf-8") as f:
        our = {r["file"]: r for r in map(json.loads, f)}
    classes, agreed, missing = collections.defaultdict(list), collections.Counter(), 0
    for row in manifest(corpus):
        file = os.path.join(corpus, "files", row["file"])
        if file not in our or file not in dss:
            missing += 1
            continue
        c = compare(row, our[file], dss[file])
        if c:
            classes[c].append((row, our[file], dss[file]))
        agreed[row["format"], not c] += 1
    print("# Our verdicts beside those of EU DSS\n\n| format | same | differs |\n|---|---|---|")
    for name in sorted({f for f, _ in agreed}):
        print(f"| {name} | {agreed[name, True]} | {agreed[name, False]} |")
    print(f"\n{missing} files have no verdict of both.\n")
    for c, found in sorted(classes.items(), key=lambda kv: len(kv[1])):
        print(f"## {c}: {len(found)}\n\n{REASONS.get(c, '')}\n\n| file | expected | we | DSS |\n|---|---|---|---|")
        for row, o, d in found:
            expected = f"{row['expected_crypto_intact']} {row['expected_overall']} ({row['confidence']}) {row['attack']}"
            print(" | ".join(["|" + row["file"], expected, ours_in_words(o).replace("|", "/"), dss_in_words(d).replace("|", "/")]) + "|")
        print()


if __name__ == "__main__":
    {"list": listing, "ours": ours, "diff": diff, "both": both, "kept": kept}[sys.argv[1]](*sys.argv[2:])
