from lab.render.cli import main

main()
