"""Cells that do what notebooks do seldom, by name; each has to give the same under both engines of papermill."""

#: Cells whose output must be the same. They run one after the other in one namespace.
CELLS = {
    "print": "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('more', 1, sep='\\n', end='')",
    "streams and displays": "from IPython.display import display\nprint('a')\ndisplay(1)\nprint('b')\ndisplay('2')\n3",
    "stream as an object": (
        "sys.stdout.writelines(['a', 'b'])\n"
        "print(sys.stdout.isatty(), sys.stdout.writable(), sys.stdout.readable(), sys.stdout.encoding)\n"
        "print(sys.stdout.write('four'), sys.stdout.closed, sys.stdout.errors is None)"
    ),
    "not text": "sys.stdout.write(b'bytes')",
    "flushed": "print('one', flush=True)\nprint('two', flush=True)",
    "standard input": "sys.stdin.read()",
    "display id": (
        "handle = display('first', display_id='it')\ndisplay('between')\nhandle.update('second')\n"
        "from IPython.display import update_display\nupdate_display('third', display_id='it')"
    ),
    "display id of an earlier cell": "handle.update('from a later cell')\ndisplay('copy', display_id='it')",
    "display id of nobody": "update_display('lost', display_id='nobody')",
    "clear output": "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('stays')",
    "clear output, wait": (
        "for i in range(3):\n    clear_output(wait=True)\n    print(i)\n    display(i)\nclear_output(wait=True)"
    ),
    "frame": "import pandas as pd\npd.DataFrame({'a': [1.5, None], 'b': ['x', '<&>']})",
    "series and index": "display(pd.Series([1, 2], name='s'))\npd.Index([1, 2])",
    "arrays": "import numpy as np\ndisplay(np.arange(3) / 3)\nnp.float64(1) / 3",
    "figure shown": "import plotly.graph_objects as go\nfigure = go.Figure(go.Bar(x=[1], y=[2]))\nfigure.show()",
    "figure as a result": "go.Figure(go.Scatter(x=pd.date_range('2026-01-01', periods=2), y=np.array([1, np.nan])))",
    "defaults of libraries": (
        "import plotly.io\n"
        "print(plotly.io.templates.default, plotly.io.renderers.default, pd.options.display.max_rows)\n"
        "print(np.get_printoptions()['precision'], np.geterr(), pd.options.plotting.backend)"
    ),
    "classes of IPython": (
        "from IPython.display import HTML, JSON, SVG, Image, Latex, Markdown, Math\n"
        "import base64\n"
        "dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='\n"
        "display(HTML('<b>é</b>'), JSON({'a': [1]}), SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))\n"
        "display(Image(base64.b64decode(dot), width=3), Latex('$x$'), Markdown('*m*'), Math('y'))"
    ),
    "raw bundle": (
        "bundle = {'application/json': {'a': (1, 2)}, 'text/plain': 't'}\n"
        "display(bundle, raw=True, metadata={'application/json': {'expanded': True}})\n"
        "bundle['application/json']['a'] = 'changed after it was shown'"
    ),
    "not a number": (
        "with __import__('warnings').catch_warnings(action='ignore'):\n"
        "    display({'application/json': {'nan': float('nan')}, 'text/plain': 't'}, raw=True)"
    ),
    "not for JSON": "display({'application/json': {'a': {1, 2}.__iter__}, 'text/plain': 't'}, raw=True)",
    "own reprs": (
        "class Rich:\n"
        "    def _repr_html_(self): return '<i>h</i>'\n"
        "    def _repr_markdown_(self): return '*m*'\n"
        "    def _repr_mimebundle_(self, include=None, exclude=None): return {'text/x-mine': 'x'}, {'k': 1}\n"
        "    def __repr__(self): return 'Rich'\n"
        "Rich()"
    ),
    "repr that raises": "class Bad:\n    def __repr__(self): raise ValueError('no repr')\nBad()",
    "display that raises": "class Odd:\n    def _ipython_display_(self): raise ValueError('no display')\nOdd()",
    "html that raises": "class Half:\n    def _repr_html_(self): raise ValueError('no html')\nHalf()",
    "await": "import asyncio\nawait asyncio.sleep(0.01, 'slept')",
    "await that fails": "await asyncio.sleep(0)\nraise ValueError('after waiting')",
    "await and print": "print('before')\nawait asyncio.sleep(0)\nprint('after')\n_",
    "task begun": (
        "async def work():\n    await asyncio.sleep(0.05)\n    return 'worked'\ntask = asyncio.create_task(work())"
    ),
    "task awaited": "await task",
    "tasks together": "await asyncio.gather(work(), work())",
    "async for": ("async def numbers():\n    for i in range(3):\n        yield i\n[i async for i in numbers()]"),
    "loop within a loop": "coroutine = work()\ntry:\n    asyncio.run(coroutine)\nfinally:\n    coroutine.close()",
    "running loop": "asyncio.get_running_loop().is_running()",
    "timeit": "%timeit -n1 -r1 -q pass\nt = %timeit -o -q -n1 -r1 pass\ntype(t).__name__",
    "time": "%%time\nx = 1",
    "bash": "%%bash\necho from bash\necho to stderr >&2",
    "bash that fails": "%%bash\necho before\nexit 3",
    "shell": "!echo from the shell; echo $TERM $CLICOLOR $FORCE_COLOR $PAGER",
    "shell, captured": "lines = !echo one; echo two\nlines",
    "shell that fails": "!exit 3\n_exit_code",
    "capture": "%%capture kept\nprint('captured')\ndisplay(1)\n2",
    "what was captured": "print(repr(kept.stdout), len(kept.outputs))\nkept.outputs[0]",
    "no such magic": "%nosuchmagic",
    "no such cell magic": "%%nosuchmagic\nx",
    "who": "%who_ls dict",
    "env": "import os\n%env B12_TEST=1\nos.environ['B12_TEST']",
    "help": "print?",
    "pager": "%psource work",
    "writefile": "%%writefile helper_of_this_folder.py\nvalue = 'imported'",
    "module of this folder": "import helper_of_this_folder\nhelper_of_this_folder.value",
    "run": "%run helper_of_this_folder.py\nvalue",
    "prun": "%prun -q -r pass\n1",
    "exception": "def inner(): raise KeyError('missing')\ninner()",
    "chained": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise RuntimeError('wrapped') from e",
    "group": "raise ExceptionGroup('many', [ValueError(1), TypeError(2)])",
    "own exception": "class Mine(Exception):\n    def __str__(self): return 'said by me'\nraise Mine",
    "exception without text": "raise ValueError",
    "syntax": "print('not run')\nx = = 1",
    "indentation": "if True:\nprint(1)",
    "return outside": "return 1",
    "name": "undefined_name",
    "recursion": "def deep(): return deep()\ntry:\n    deep()\nexcept RecursionError as e:\n    print('deep enough')",
    "interrupt": "raise KeyboardInterrupt",
    "interrupted wait": "await asyncio.sleep(0)\nraise KeyboardInterrupt",
    "system exit": "sys.exit(3)",
    "system exit with text": "sys.exit('told')",
    "assertion": "assert 1 == 2, 'not so'",
    "input": "input('name? ')",
    "getpass": "import getpass\ngetpass.getpass()",
    "warning": "import warnings\nwarnings.warn('be warned')",
    "deprecated": "warnings.warn('old', DeprecationWarning)",
    "log": (
        "import logging\nlogging.getLogger('a').warning('logged')\nlogging.getLogger('a').info('not logged')\n"
        "handler = logging.StreamHandler()\nlogging.getLogger('b').addHandler(handler)\n"
        "logging.getLogger('b').error('by a handler')"
    ),
    "unicode": "print('naïve Ω 🧠 \\u202e\\x00 \\ud83e'.encode('utf-8', 'replace').decode())\n'日本 🎉'",
    "long": "print('x' * 200_000)\n'y' * 20_000",
    "many lines": "for i in range(2000):\n    print(i)",
    "carriage return": "for i in range(5):\n    print(f'\\r{i}', end='')\nprint('\\x08!')",
    "progress bar": "from tqdm import tqdm\nfor _i in tqdm(range(2), bar_format='{l_bar}', mininterval=9): pass",
    "escape codes": "print('\\x1b[31mred\\x1b[0m')",
    "what processes print": (
        "import subprocess, time\nprint('first')\nsubprocess.run(['echo', 'from a process'], check=True)\n"
        "os.system('echo by the system')\nos.write(1, b'raw bytes\\n')\n"
        "subprocess.call('echo complaint >&2', shell=True)\ntime.sleep(0.4)  # a kernel reads it in a thread"
    ),
    "subprocess, read": "subprocess.run(['echo', 'read'], capture_output=True, text=True).stdout",
    "empty": "",
    "blank": "  \n\n",
    "comment": "# nothing here",
    "history": "1 + 1",
    "underscores": "_, __, Out[max(Out)], In[-2], len(In) > 50",
    "history magic": "%history 1",
    "shell's class": "type(get_ipython()).__name__, get_ipython().execution_count > 50, type(get_ipython()).__module__",
    "main module": (
        "import pickle\nclass Here: pass\n"
        "print(__name__, sys.modules['__main__'].__dict__ is globals(), '__file__' in globals())\n"
        "isinstance(pickle.loads(pickle.dumps(Here())), Here)"
    ),
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\nPoint(1)",
    "chdir": "import tempfile\nold = os.getcwd()\nos.chdir(tempfile.gettempdir())\nos.getcwd() == old",
    "back": "os.chdir(old)",
    "thread": (
        "import threading\nthread = threading.Thread(target=print, args=('from a thread',))\n"
        "thread.start()\nthread.join()"
    ),
    "processes": "import multiprocessing\nmultiprocessing.get_context('fork').Pool(1).map(abs, [-1])",
    "printing process": (
        "p = multiprocessing.get_context('fork').Process(target=print, args=('from a fork',))\n"
        "p.start()\np.join()\ntime.sleep(0.4)"
    ),
    "no user interface": "get_ipython().enable_gui(None)",
    "semicolon": "5;",
    "several results": "from IPython.core.interactiveshell import InteractiveShell\n"
    "InteractiveShell.ast_node_interactivity = 'all'\n1\n2",
    "only the last": "InteractiveShell.ast_node_interactivity = 'last_expr'\n1\n2",
    "names deleted": "del x\nx",
    "reset": "%reset -f\ntry:\n    sys\nexcept NameError:\n    print('gone')",
    "next input": "get_ipython().set_next_input('x')",
}
