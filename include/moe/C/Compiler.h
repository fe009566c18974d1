/*===- Compiler.h - the compiler for C and for other languages --------------------------------------------------===*\
|*
|* Compiles ONNX files in the calling process. Artefacts are run by runtime/include/moert/moert.h, which needs none of this.
|*
\*===------------------------------------------------------------------------------------------------------------===*/
#ifndef MOE_C_COMPILER_H
#define MOE_C_COMPILER_H

#ifdef __cplusplus
extern "C" {
#endif

/* How a compilation ended: the exit codes of the tools. */
typedef enum moe_exit_code { MOE_DONE = 0, MOE_USAGE = 1, MOE_INVALID = 2, MOE_SYSTEM = 3, MOE_BUG = 70 } moe_exit_code;

/* Gets each diagnostic, one or more lines as moe-opt prints them, valid during the call. Runs on the thread that compiles. */
typedef void (*moe_diagnostic_handler)(void *user, const char *text);

/* Compiles the ONNX file `input` to the artefact folder `output` (a name that ends in .moe), which appears whole or not at all. `options`
   is a null-terminated list of "name=value" and "name", as on moe-opt's command line without the dashes; null for none. `handler` may be
   null. Any thread; calls do not disturb each other. */
moe_exit_code moe_compile(const char *input, const char *output, const char *const *options, moe_diagnostic_handler handler, void *user);

/* The version of the compiler, "0.1.0". Static storage. */
const char *moe_compiler_version(void);

#ifdef __cplusplus
}
#endif
#endif
