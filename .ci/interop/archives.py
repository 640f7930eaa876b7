"""Makes PDF/A files with other people's programs, for the signatures that must leave them PDF/A.

    archives.py make FOLDER VENV CORPUS     FOLDER/<level>_<program>.pdf, of every level that a program here can write

Beside them lie those of the corpus that veraPDF finds to be what they say. What a program is missing for is told.
"""

import os
import shutil
import subprocess
import sys
import tempfile

PAGE = """<!DOCTYPE html><html lang="it"><head><meta charset="utf-8"><title>Verbale</title></head><body>
<h1>Verbale d’assemblea</h1><p>Perché è così: il 22 novembre 2026 si è riunita l’assemblea.</p>
<table border="1"><tr><th>Socio</th><th>Quota</th></tr><tr><td>Anna Esempio</td><td>60 %</td></tr></table></body></html>"""
CORPUS = {
    "1b": "dss-pades/pdf-signed-original.pdf", "2a": "dss-pades/DSS-2821.pdf", "2b": "dss-pades/pdf-with-eof-cr.pdf",
    "2u": "dss-pades/pdfa2u-gray.pdf", "3a": "mkl-pades/202007279900001S001.pdf",
}
# What LibreOffice calls its versions, and what comes of them.
LIBREOFFICE = {"1": "1a", "2": "2b", "3": "3b"}
PROFILE = "/usr/share/color/icc/ghostscript/srgb.icc"


def run(*command):
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300, check=False)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr.decode(errors='replace')}")


def make(folder, venv, corpus):
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        page = os.path.join(tmp, "verbale.html")
        with open(page, "w", encoding="utf-8") as f:
            f.write(PAGE)
        weasyprint(page, folder, venv)
        plain = libreoffice(page, folder, tmp)
        if plain:
            ghostscript(plain, folder, tmp)
    for level, name in CORPUS.items():
        path = os.path.join(corpus, "files", name)
        if os.path.isfile(path):
            shutil.copy(path, os.path.join(folder, f"{level}_corpus.pdf"))


def weasyprint(page, folder, venv):
    program = os.path.join(venv, "bin", "weasyprint")
    if not os.path.exists(program):
        print("WeasyPrint is missing (pip)", file=sys.stderr)
        return
    for level in ("1b", "2b", "2u", "3b", "3u"):
        run(program, "-q", "--pdf-variant", "pdf/a-" + level, page, os.path.join(folder, level + "_weasyprint.pdf"))


def libreoffice(page, folder, tmp):
    """Returns a PDF that is no PDF/A, for Ghostscript."""
    if not shutil.which("soffice"):
        print("LibreOffice is missing (libreoffice-writer-nogui)", file=sys.stderr)
        return ""
    made = os.path.join(tmp, "verbale.pdf")
    command = ["soffice", f"-env:UserInstallation=file://{tmp}/profile", "--headless", "--convert-to"]
    for version, level in LIBREOFFICE.items():
        choice = '{"SelectPdfVersion":{"type":"long","value":"%s"}}' % version
        run(*command, "pdf:writer_web_pdf_Export:" + choice, "--outdir", tmp, page)
        shutil.move(made, os.path.join(folder, level + "_libreoffice.pdf"))
    run(*command, "pdf", "--outdir", tmp, page)
    return made


def ghostscript(plain, folder, tmp):
    if not shutil.which("gs") or not os.path.exists(PROFILE):
        print("Ghostscript is missing (ghostscript)", file=sys.stderr)
        return
    prologue = os.path.join(tmp, "prologue.ps")
    with open(prologue, "w", encoding="ascii") as f:
        f.write(f"""%!
[/_objdef {{profile}} /type /stream /OBJ pdfmark
[{{profile}} <</N 3>> /PUT pdfmark
[{{profile}} ({PROFILE}) (r) file /PUT pdfmark
[/_objdef {{intent}} /type /dict /OBJ pdfmark
[{{intent}} <</Type /OutputIntent /S /GTS_PDFA1 /DestOutputProfile {{profile}} /OutputConditionIdentifier (sRGB)>> /PUT pdfmark
[{{Catalog}} <</OutputIntents [{{intent}}]>> /PUT pdfmark
""")
    for part in ("1", "2", "3"):
        run("gs", "-q", "-dPDFA=" + part, "-dBATCH", "-dNOPAUSE", "--permit-file-read=" + PROFILE, "-sColorConversionStrategy=RGB",
            "-sDEVICE=pdfwrite", "-dPDFACompatibilityPolicy=1", "-o", os.path.join(folder, part + "b_ghostscript.pdf"), prologue, plain)


if __name__ == "__main__":
    {"make": make}[sys.argv[1]](*sys.argv[2:])
