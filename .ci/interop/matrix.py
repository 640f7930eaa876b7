"""What foreign verifiers say of the files that we sign.

    matrix.py sign CLI FOLDER      the practice card signs; the files, their root and list.tsv are left in FOLDER
    matrix.py list FOLDER          the list that Judge.java reads, on standard output
    matrix.py judge FOLDER…        FOLDER.tsv as Judge.java wrote it, and pyHanko: Markdown on standard output

list.tsv has a line a file: name, original of a detached signature, level, number of signatures, fewer than none where
others have signed before us and only veraPDF is asked. Levels B and T are
judged with the authority's servers at hand, as on the day of signing; LT and LTA without any connection, since all
that it takes must be in the file.

What is asked for is: the baseline level of its name, TOTAL_PASSED, and no complaint at all. Only the practice card's
authority publishes no revocation data, and of its files nothing is excused but that.
"""

import asyncio
import base64
import json
import logging
import os
import subprocess
import sys

import corpus

# Complaints that follow from an authority without revocation data, by the keys of EU DSS.
EXCUSED = {
    "BBB_XCV_SUB_ANS": "the validation of the certificate is not conclusive: follows from the next",
    "BBB_XCV_IRDPFC_ANS": "no revocation data: the authority publishes none",
    "BBB_XCV_AIA_PRES_ANS": "the certificate names no place where its issuer can be fetched: nor has the authority one",
    "BBB_XCV_REVOC_PRES_ANS": "the certificate names no place of revocation data: nor has the authority one",
}
PRACTICE_PIN = b"12345\n"


def pdf():
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<>>>>"]
    body, at = b"%PDF-1.7\n", []
    for i, o in enumerate(objects, 1):
        at.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (i, o)
    table = b"".join(b"%010d 00000 n \n" % a for a in at)
    return body + b"xref\n0 4\n0000000000 65535 f \n" + table + b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def sign(cli, folder):
    config = os.path.join(folder, "config")
    content = {"zero.bin": b"", "one.bin": b"x", "mebibyte.bin": bytes(range(256)) * 4096, "page.pdf": pdf()}
    lines = []
    for name, data in content.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
        ways = [["--format", "cades"], ["--format", "cades", "--detached"]]
        if name.endswith(".pdf"):
            ways += [["--format", "pades"]]
        for way in ways:
            done = card(cli, config, ["sign", "--json", *way, os.path.join(folder, name)])
            answer = json.loads(done.stdout)
            if done.returncode == 64:
                print(f"not yet on the command line: sign {' '.join(way)}", file=sys.stderr)
                continue
            if done.returncode != 0:
                sys.exit(f"signing {name} with {way}: {answer}")
            made = os.path.basename(answer["files"][0]["output"])
            lines.append(f"{made}\t{name if '--detached' in way else ''}\tB\t1\n")
    with open(os.path.join(folder, "list.tsv"), "w", encoding="utf-8") as f:
        f.writelines(lines)
    with open(os.path.join(config, "practice-card.json"), encoding="utf-8") as f:
        root = base64.b64decode(json.load(f)["Authorities"][0])
    with open(os.path.join(folder, "root.pem"), "wb") as f:
        f.write(b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(root) + b"-----END CERTIFICATE-----\n")


def card(cli, config, args):
    r, w = os.pipe()
    os.write(w, PRACTICE_PIN)
    os.close(w)
    try:
        return subprocess.run([cli, args[0], "--demo", "--config", config, "--pin-fd", str(r), *args[1:]],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[r], check=False)
    finally:
        os.close(r)


def entries(folder):
    with open(os.path.join(folder, "list.tsv"), encoding="utf-8") as f:
        for line in f:
            name, original, level, count = line.rstrip("\n").split("\t")
            yield os.path.join(folder, name), os.path.join(folder, original) if original else "", level, int(count)


def asks(level):
    return level in ("B", "T")


def listing(folder):
    for file, original, level, _ in entries(folder):
        print(file, original, "ask" if asks(level) else "", sep="\t")


def complaints(sig, level, practice):
    """The complaints of EU DSS about one signature or time-stamp that nothing excuses."""
    said = [m for m in (sig["errors"] + " | " + sig["warnings"]).split(" | ") if m]
    bad = [m for m in said if not (practice and m.split(" ")[0] in EXCUSED)]
    if not sig["format"].startswith("TST ") and not sig["format"].endswith("-BASELINE-" + level):
        bad.append("format " + sig["format"])
    if sig["integrity"] != "intact":
        bad.append(sig["integrity"])
    if sig["indication"] not in ("TOTAL_PASSED", "PASSED") and not (practice and sig["indication"] == "INDETERMINATE"):
        bad.append(f"{sig['indication']} {sig['sub']}")
    return bad


def hanko(file, original, level, root):
    """What pyHanko says of every signature of a file, as (fault, words)."""
    from pyhanko.keys import load_cert_from_pemder

    logging.disable(logging.CRITICAL)
    how = {"trust_roots": [load_cert_from_pemder(root)], "revocation_mode": "soft-fail"}
    if file.endswith(".pdf"):
        return asyncio.run(hanko_pdf(file, level, how | {"allow_fetching": asks(level)}))
    # Of a CMS it does not take the validation data beside the signature for the time-stamp in it, so it has to ask.
    return asyncio.run(hanko_cms(file, original, how | {"allow_fetching": True}))


async def hanko_pdf(file, level, how):
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import DocumentSecurityStore, async_validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator import ValidationContext

    answers = []
    with open(file, "rb") as f:
        reader = PdfFileReader(f)
        for embedded in reader.embedded_regular_signatures:
            if asks(level):
                context = ValidationContext(**how)
            else:
                context = DocumentSecurityStore.read_dss(reader).as_validation_context(how | {"revocation_mode": "hard-fail"})
            usage = KeyUsageConstraints(key_usage={"non_repudiation"})
            s = await async_validate_pdf_signature(embedded, context, key_usage_settings=usage)
            words = f"{s.summary()} {s.coverage.name} {getattr(s.modification_level, 'name', '')}"
            answers.append((not s.bottom_line, words))
    return answers


async def hanko_cms(file, original, how):
    from asn1crypto import cms
    from pyhanko.sign.validation import async_validate_detached_cms
    from pyhanko.sign.validation.generic_cms import async_validate_cms_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator import ValidationContext

    with open(file, "rb") as f:
        signed = cms.ContentInfo.load(f.read(), strict=True)["content"]
    if len(signed["signer_infos"]) != 1:
        return [(False, "pyHanko reads one signer only")]
    usage, context = KeyUsageConstraints(key_usage={"non_repudiation"}), ValidationContext(**how)
    if not original:
        s = await async_validate_cms_signature(signed, validation_context=context, key_usage_settings=usage)
        return [(not (s.intact and s.valid and s.trusted), s.summary())]
    with open(original, "rb") as f:
        s = await async_validate_detached_cms(f, signed, context, key_usage_settings=usage)
    return [(not s.bottom_line, s.summary())]


def bare_metadata(file):
    """Whether the metadata of a PDF lack x:xmpmeta around them. ISO 16684-1 §7.3.3 lets them; pyHanko finds every later
    revision suspicious then, whether or not it touches them ("Metadata does not look like XMP")."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    with open(file, "rb") as f:
        root = PdfFileReader(f).root
        return "/Metadata" in root and b"x:xmpmeta" not in root["/Metadata"].data


class Judged:
    """One file, what was said of it, and what of that is a fault."""

    def __init__(self, folder, entry, dss, pdfa):
        file, original, self.level, count = entry
        self.name, self.faults = os.path.basename(folder) + "/" + os.path.basename(file), []
        practice = os.path.basename(folder) == "card"
        verdict = dss.get(file, {"sigs": [], "err": "no verdict"}) if count >= 0 else {"sigs": [], "err": ""}
        self.sigs = [s for s in verdict["sigs"] if not s["format"].startswith("TST ")]
        if len(self.sigs) != max(0, count):
            self.faults.append(f"EU DSS: {verdict['err']} {len(self.sigs)} signatures instead of {count}")
        self.faults += [f"EU DSS: {s['format']}: {c}" for s in verdict["sigs"] for c in complaints(s, self.level, practice)]
        self.words = corpus.tally(f"{s['format']} {s['indication']}" for s in verdict["sigs"])
        self.seen = {m.split(" ")[0] for s in verdict["sigs"] for m in (s["errors"] + " | " + s["warnings"]).split(" | ") if m}
        try:
            answers = hanko(file, original, self.level, os.path.join(folder, "root.pem")) if count > 0 else []
        except Exception as e:  # whatever a foreign program stumbles over is its answer
            answers = [(True, f"{type(e).__name__}: {e}")]
        self.bare = any(bad and "ILLEGAL_MODIFICATIONS" in words for bad, words in answers) and bare_metadata(file)
        self.faults += [f"pyHanko: {words}" for bad, words in answers if bad and not self.bare]
        self.hanko, self.pdfa = corpus.tally(words for _, words in answers), ""
        if file in pdfa and "pdfa" in self.name:
            flavour, good, rules = pdfa[file]
            self.pdfa = f"PDF/A-{flavour}" if good == "true" else f"not PDF/A-{flavour}: {rules}"
            if good != "true" or "pdfa-" + flavour not in self.name:
                self.faults.append("veraPDF: " + self.pdfa)

    def cell(self):
        return self.level if not self.faults else f"**{self.level}: {len(self.faults)} faults**"


def judge(*folders):
    files = []
    for folder in folders:
        dss, pdfa = corpus.read_dss(folder + ".tsv"), {}
        with open(folder + ".tsv", encoding="utf-8") as f:
            for line in f:
                r = line.rstrip("\n").split("\t")
                if r[0] == "pdfa":
                    pdfa[r[1]] = r[2:]
        files += [Judged(folder, e, dss, pdfa) for e in entries(folder)]
    print("# What foreign verifiers say of what we sign\n\n| file | EU DSS | pyHanko | veraPDF |\n|---|---|---|---|")
    for f in files:
        print("| " + " | ".join(c.replace("|", "/") for c in (f.name, f.words, f.hanko, f.pdfa)) + " |")
    print("\n## Result\n")
    compact(files)
    seen = set().union(*(f.seen for f in files))
    for key in sorted(seen & EXCUSED.keys()):
        print(f"- excused for the practice card: `{key}`: {EXCUSED[key]}")
    bare = [f.name for f in files if f.bare]
    if bare:
        print("- excused for pyHanko, which wants an x:xmpmeta around the metadata of the original: " + ", ".join(bare))
    faults = [f"{f.name}: {x}" for f in files for x in f.faults]
    print(f"\n{len(files)} files with {sum(len(f.sigs) for f in files)} signatures, {len(faults)} faults.\n" + "".join(f"\n- {f}" for f in faults))
    sys.exit(1 if faults else 0)


def compact(files):
    """A row for each form, a column for each kind of key, the levels without a fault in the cells."""
    keys, table, others = [], {}, []
    for f in files:
        parts = os.path.splitext(os.path.basename(f.name))[0].split("_")
        if f.name.startswith("keys/") and len(parts) == 4:
            key, _, form, order = parts
            keys += [key] if key not in keys else []
            table.setdefault((form, order), {}).setdefault(key, []).append(f.cell())
        else:
            others.append(f)
    print("| signature | " + " | ".join(keys) + " |\n|---|" + "---|" * len(keys))
    for (form, order), row in table.items():
        print(f"| {form}, {order} | " + " | ".join(" ".join(row.get(k, [])) for k in keys) + " |")
    archives(files)
    print("\nAnd without a fault: " + ", ".join(f"{f.name} ({f.pdfa or f.level})" for f in others if not f.faults) + ".\n")


def archives(files):
    """A row for each PDF/A file of another program, what veraPDF finds it to be before and after each way of signing."""
    table, ways = {}, ["before", "seen-B", "unseen-B", "seen-LTA", "unseen-LTA"]
    for f in files:
        parts = os.path.splitext(os.path.basename(f.name))[0].split("_")
        if len(parts) == 3 and parts[2] in ways:
            table.setdefault((parts[0], parts[1]), {})[parts[2]] = f.pdfa or "no answer"
    if table:
        print("\n| PDF/A of other programs | " + " | ".join(ways) + " |\n|---|" + "---|" * len(ways))
    for (level, program), row in table.items():
        print(f"| {level} {program} | " + " | ".join(row.get(w, "") for w in ways) + " |")


if __name__ == "__main__":
    {"sign": sign, "list": listing, "judge": judge}[sys.argv[1]](*sys.argv[2:])
