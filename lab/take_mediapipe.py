"""The files of `@mediapipe/face_mesh` and `@mediapipe/hands` that the page's try-on needs, out of their npm packages.

Embind, as face_mesh was built, makes its functions out of text, which the page's policy forbids. Those three places are
written as later versions of emscripten write them (hands, built later, has none); nothing else is changed.
"""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass
from pathlib import Path

from services.gateway.routes.page import FILES

VENDOR = FILES / "vendor" / "mediapipe"
LICENCE = Path("/usr/share/common-licenses/Apache-2.0")
"""As Debian has it: the packages name their licence and do not carry its text."""


@dataclass(frozen=True)
class Package:
    """`sha256` of the .tgz that `npm pack` brings, and the files that are kept of it."""

    name: str
    tgz: str
    sha256: str
    kept: tuple[str, ...]


def _kept(solution: str, *more: str) -> tuple[str, ...]:
    built = f"{solution}_solution"
    return (
        f"{solution}.js",
        f"{solution}.binarypb",
        f"{built}_packed_assets.data",
        f"{built}_packed_assets_loader.js",
        f"{built}_simd_wasm_bin.data",
        f"{built}_simd_wasm_bin.js",
        f"{built}_simd_wasm_bin.wasm",
        *more,
    )


PACKAGES = (
    Package(
        "face_mesh",
        "mediapipe-face_mesh-0.4.1657299874.tgz",
        "c08a7e0742a326285da666cf81d77c8b6f3a181a2ee948cadaf166008e0d3bc7",
        _kept("face_mesh"),
    ),
    Package(
        "hands",
        "mediapipe-hands-0.4.1675469240.tgz",
        "bdd5be939c60cbd72a49f4b6141407683cf2a67263598e1a44757d70b3dfcb8a",
        _kept("hands", "hand_landmark_lite.tflite"),
    ),
)
MENDED = "face_mesh_solution_simd_wasm_bin.js"
_NOTICE = (
    "/* Changed by Loupe: createNamedFunction, craftInvokerFunction and __emval_get_method_caller make functions as "
    "closures, not out of text. The rest is as @mediapipe/face_mesh 0.4.1657299874 has it. */\n"
)
_NAMED = (
    'function createNamedFunction(name,body){return Object.defineProperty(function(){"use strict";'
    'return body.apply(this,arguments)},"name",{value:makeLegalFunctionName(name)})}'
)
_INVOKER = """
return function(){
if(arguments.length!==argCount-2){
throwBindingError("function "+humanName+" called with "+arguments.length+" arguments, expected "+(argCount-2))}
var destructors=needsDestructorStack?[]:null;
var wired=[];
if(isClassMethodFunc){wired.push(argTypes[1].toWireType(destructors,this))}
for(var i=0;i<argCount-2;++i){wired.push(argTypes[i+2].toWireType(destructors,arguments[i]))}
var rv=cppInvokerFunc.apply(null,[cppTargetFunc].concat(wired));
if(needsDestructorStack){runDestructors(destructors)}else{
for(var i=isClassMethodFunc?1:2;i<argTypes.length;++i){
if(argTypes[i].destructorFunction!==null){argTypes[i].destructorFunction(wired[isClassMethodFunc?i-1:i-2])}}}
if(returns){return argTypes[0].fromWireType(rv)}
}}"""
_CALLER = """
var invokerFunction=function(handle,name,destructors,args){
var read=[];var offset=0;
for(var i=0;i<argCount-1;++i){
read.push(types[1+i].readValueFromPointer(args+offset));offset+=types[1+i]["argPackAdvance"]}
var rv=handle[name].apply(handle,read);
for(var i=0;i<argCount-1;++i){if(types[1+i]["deleteObject"]){types[1+i].deleteObject(read[i])}}
if(!retType.isVoid){return retType.toWireType(destructors,rv)}
};"""


def take(folder: Path) -> list[Path]:
    """Write what is kept below `VENDOR`, out of the .tgz files in `folder`; raises ValueError where one is another."""
    written = []
    for package in PACKAGES:
        data = (folder / package.tgz).read_bytes()
        if (found := hashlib.sha256(data).hexdigest()) != package.sha256:
            raise ValueError(f"{package.tgz} has the sha256 {found}, not {package.sha256}")
        target = VENDOR / package.name
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(folder / package.tgz) as packed:
            for name in package.kept:
                member = packed.extractfile(f"package/{name}")
                if member is None:
                    raise ValueError(f"{package.tgz} has no {name}")
                content = member.read()
                if name == MENDED:
                    content = without_text(content.decode()).encode()
                (target / name).write_bytes(content)
                written.append(target / name)
    (VENDOR / "LICENSE").write_bytes(LICENCE.read_bytes())
    return [*written, VENDOR / "LICENSE"]


def without_text(script: str) -> str:
    """The script with closures where functions were made out of text; raises ValueError where it is another one."""
    script = _replaced(script, "function createNamedFunction(", "var emval_handle_array=", _NAMED)
    script = _replaced(script, 'var argsList="";var argsListWired="";', "function heap32VectorToArray(", _INVOKER)
    script = _replaced(
        script, 'var params=["retType"];var args=[retType];', "returnId=__emval_addMethodCaller(", _CALLER
    )
    return _NOTICE + script


def _replaced(script: str, start: str, end: str, by: str) -> str:
    """What lies from the only `start` up to the next `end`, replaced."""
    if script.count(start) != 1:
        raise ValueError(f"{start!r} is {script.count(start)} times in the script, not once")
    before, _, rest = script.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{end!r} does not follow {start!r}")
    return before + by.lstrip() + found + after
