# Prints the home of a Java runtime that OpenSearch takes (21 or newer); fails where there is none.
for home in "$JAVA_HOME" /usr/lib/jvm/* /opt/java/* /opt/jdk*; do
    [ -x "$home/bin/java" ] && [ -r "$home/release" ] || continue
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    if [ "${version:-0}" -ge 21 ]; then
        echo "$home"
        exit 0
    fi
done
exit 1
